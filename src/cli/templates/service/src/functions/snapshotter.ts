import { createSnapshotterHandler } from "streamfold/lambda";
import { service } from "../service.ts";

export const handler = createSnapshotterHandler(service);
