import { createBusProjectorHandler } from "../../../../../../src/lambda.ts";
import { library } from "../library.ts";

export const handler = createBusProjectorHandler(library);
