import { createProjectorHandler } from "streamfold/lambda";
import { service } from "../service.ts";

export const handler = createProjectorHandler(service);
