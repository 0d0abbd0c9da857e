import { rmSync } from "node:fs";
import { dirname } from "node:path";

export default function teardown() {
  const file = process.env.STREAMFOLD_SERVICE;
  if (file) rmSync(dirname(file), { recursive: true, force: true });
}
