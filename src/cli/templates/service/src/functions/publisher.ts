import { createPublisherHandler } from "streamfold/lambda";
import { service } from "../service.ts";

export const handler = createPublisherHandler(service);
