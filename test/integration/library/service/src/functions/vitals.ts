import { createVitalsHandler } from "../../../../../../src/lambda.ts";
import { library } from "../library.ts";

export const handler = createVitalsHandler(library);
