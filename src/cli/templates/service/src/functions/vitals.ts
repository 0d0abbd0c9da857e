import { createVitalsHandler } from "streamfold/lambda";
import { service } from "../service.ts";

export const handler = createVitalsHandler(service);
