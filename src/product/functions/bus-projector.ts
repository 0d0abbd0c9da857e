import { createBusProjectorHandler } from "../../lambda/bus-projector.ts";
import { productService } from "../service.ts";

export const handler = createBusProjectorHandler(productService);
