import { createPublisherHandler } from "../../../../../../src/lambda.ts";
import { library } from "../library.ts";

export const handler = createPublisherHandler(library);
