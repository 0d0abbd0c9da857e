import { createOperationsHandler } from "streamfold/lambda";
import { service } from "../service.ts";

export const handler = createOperationsHandler(service);
