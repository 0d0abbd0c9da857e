import { join } from "node:path";
import { writeWhole } from "./state-file.ts";

/** A bucket, as far as something is put into it. */
export class LocalBucket {
  readonly #folder: string | undefined;

  /** @param folder undefined keeps nothing */
  constructor(folder: string | undefined) {
    this.#folder = folder;
  }

  put(key: string, object: unknown): void {
    if (this.#folder === undefined) return;
    writeWhole(join(this.#folder, key), JSON.stringify(object));
  }
}

/** The key under which Lambda stores a batch that it gave up ("Retain discarded records for a DynamoDB event source"). */
export function objectKey(mapping: string, at: Date, id: string): string {
  const [day = "", time = ""] = at.toISOString().slice(0, 19).split("T");
  return `aws/lambda/${mapping}/shard/${day.replaceAll("-", "/")}/${day}T${time.replaceAll(":", ".")}-${id}`;
}
