import { createPublisherHandler } from "../../lambda/publisher.ts";
import { productService } from "../service.ts";

export const handler = createPublisherHandler(productService);
