import { createSnapshotterHandler } from "../../../../../../src/lambda.ts";
import { library } from "../library.ts";

export const handler = createSnapshotterHandler(library);
