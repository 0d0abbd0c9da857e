import { createApiHandler } from "../../lambda/api.ts";
import { queries } from "../queries.ts";
import { productService } from "../service.ts";

export const handler = createApiHandler(productService, queries);
