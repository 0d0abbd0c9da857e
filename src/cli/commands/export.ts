import { createWriteStream, existsSync, renameSync, rmSync } from "node:fs";
import { resolve } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { exportLines } from "../../operations/export-events.ts";
import { defineCommand } from "../command.ts";
import { UsageError } from "../failure.ts";
import { findAggregate } from "../find.ts";

/** Writes every event as a line of JSON. */
export const exportCommand = defineCommand({
  name: "export",
  words: ["[file]"],
  options: {
    aggregate: { kind: "text", hint: "TYPE", about: "only events of this aggregate" },
    entity: { kind: "text", hint: "ID", about: "only events of this entity" },
  },
  about: "Write every event as a line of JSON, for import",
  details: `To FILE, which must not exist, or to standard output. The last line has the number of events and the SHA-256 of their
lines; import checks it. The table is read whole; an entity's events come in their order, entities in none.`,
  example: "export events.jsonl",
  run: async ({ words: { file }, options: { aggregate, entity } }, { io, service, connect, progress, output }) => {
    const type = aggregate === undefined ? undefined : findAggregate(await service(), aggregate).aggregateType;
    const path = file === undefined ? undefined : resolve(io.folder, file);
    if (path !== undefined && existsSync(path)) throw new UsageError(`${file} exists already`);
    const { store, countEvents } = await connect();
    const { tell, end } = progress({ unit: "events", total: await countEvents() });
    let events = 0;
    const lines = exportLines(store, {
      isWanted: ({ aggregateType, entityId }) =>
        (type ?? aggregateType) === aggregateType && (entity ?? entityId) === entityId,
      onProgress: (count) => {
        events = count;
        tell(count);
      },
    });
    if (path === undefined) {
      for await (const line of lines) await io.write(line);
      end();
      return "done";
    }
    await writeFile(path, lines).finally(end);
    await output.result({ events, file: path }, () => `${events} events in ${path}`);
    return "done";
  },
});

/** A file of this name is a whole one. */
async function writeFile(path: string, lines: AsyncIterable<string>): Promise<void> {
  const part = `${path}.part`;
  try {
    await pipeline(Readable.from(lines), createWriteStream(part));
    renameSync(part, path);
  } finally {
    rmSync(part, { force: true });
  }
}
