import { createSnapshotterHandler } from "../../lambda/snapshotter.ts";
import { productService } from "../service.ts";

export const handler = createSnapshotterHandler(productService);
