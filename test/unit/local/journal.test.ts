import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "@jest/globals";
import { Journal } from "../../../src/local/journal.ts";

const journalFile = fileURLToPath(new URL("../../../src/local/journal.ts", import.meta.url));

/** Appends under a limit of 512 bytes a file, as a full disk would stop it, and once more when there is room. */
const APPEND_UNTIL_FULL = `
  import { Journal } from ${JSON.stringify(journalFile)};
  const journal = new Journal(process.argv[1]);
  const refused = [];
  for (const text of ["a".repeat(200), "b".repeat(400), "c"]) {
    try { journal.append([text]); } catch (error) { refused.push(text[0], error.code); }
  }
  console.log(refused.join(" "));
`;

test("a line that the disk had no room for leaves nothing behind, and the next one stands whole", () => {
  const folder = mkdtempSync(join(tmpdir(), "streamfold-"));
  const path = join(folder, "lines.jsonl");
  const node = [process.execPath, "--import", "tsx", "--input-type=module", "-e", APPEND_UNTIL_FULL, path];
  const said = execFileSync("sh", ["-c", 'ulimit -f 1; exec "$@"', "sh", ...node], {
    encoding: "utf8",
    env: { ...process.env, NODE_OPTIONS: "", TSX_DISABLE_CACHE: "1" },
  });
  expect(said.trim()).toBe("b EFBIG");
  expect(new Journal<string>(path).read()).toEqual(["a".repeat(200), "c"]);
  expect(readFileSync(path, "utf8").endsWith('"c"\n')).toBe(true);
  rmSync(folder, { recursive: true, force: true });
});
