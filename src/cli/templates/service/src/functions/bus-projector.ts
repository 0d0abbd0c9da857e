import { createBusProjectorHandler } from "streamfold/lambda";
import { service } from "../service.ts";

export const handler = createBusProjectorHandler(service);
