import { createProjectorHandler } from "../../lambda/projector.ts";
import { productService } from "../service.ts";

export const handler = createProjectorHandler(productService);
