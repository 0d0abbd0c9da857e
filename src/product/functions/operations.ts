import { createOperationsHandler } from "../../lambda/operations.ts";
import { productService } from "../service.ts";

export const handler = createOperationsHandler(productService);
