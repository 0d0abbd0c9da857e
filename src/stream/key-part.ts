import { createHash } from "node:crypto";
import { MAX_ID_BYTES } from "../event-store/index.ts";

/** An id as a part of a sort key (1,024 bytes) beside other text: as it is up to 128 bytes, longer ones shortened. */
export const sortPart = (id: string): string => shortened(id, SHORT_BYTES);

/** Bytes that a text may take in a partition key beside a prefix, and behind a sort. */
const SHORT_BYTES = 128;

/**
 * An id as a part of a partition key (2,048 bytes) beside a prefix: as it is up to the longest id that the
 * store takes, longer ones, which others may have written, shortened.
 */
export const partitionPart = (id: string): string => shortened(id, MAX_ID_BYTES);

/**
 * A text of more than `most` bytes as its beginning and a digest, together one byte more than `most`:
 * no text that is kept as it is has that length, so two texts never become one.
 */
function shortened(text: string, most: number): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= most) return text;
  const digest = createHash("sha256").update(bytes).digest("base64url");
  const head = Array.from(text.slice(0, most - digest.length), (character) =>
    Buffer.byteLength(character) === 1 ? character : "_",
  ).join("");
  return `${head.slice(0, most - digest.length)}~${digest}`.padEnd(most + 1, "~");
}
