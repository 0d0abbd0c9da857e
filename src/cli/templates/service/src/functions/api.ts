import { createApiHandler } from "streamfold/lambda";
import { queries } from "../queries.ts";
import { service } from "../service.ts";

export const handler = createApiHandler(service, queries);
