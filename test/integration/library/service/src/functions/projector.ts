import { createProjectorHandler } from "../../../../../../src/lambda.ts";
import { library } from "../library.ts";

export const handler = createProjectorHandler(library);
