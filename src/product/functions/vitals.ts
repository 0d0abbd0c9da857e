import { createVitalsHandler } from "../../lambda/vitals.ts";
import { productService } from "../service.ts";

export const handler = createVitalsHandler(productService);
