import { readParked, resumeParked } from "../../operations/index.ts";
import { NotParkedError } from "../../stream/index.ts";
import { type CommandContext, defineCommand, type Outcome } from "../command.ts";
import { findReader } from "../find.ts";
import { tableAnd } from "../output.ts";

const READER = "PROJECTION is the name of a projection, or `publisher`.";

export const parkedList = defineCommand({
  name: "parked list",
  words: ["[projection]"],
  options: {},
  about: "List the entities that wait in a projection or in the publisher, because of an event",
  details: `${READER} Without it all are listed.`,
  example: "parked list product-catalog",
  run: async ({ words: { projection } }, { service, connect, output }) => {
    if (projection !== undefined) findReader(await service(), projection);
    const { parked } = await readParked(await connect(), projection);
    await output.result({ parked }, () =>
      tableAnd(
        parked.map(({ projection: reader, generation, entityId, sequenceNumber, parkedAt, attempts, error }) => ({
          reader,
          generation,
          entity: entityId,
          event: sequenceNumber,
          since: parkedAt,
          tries: attempts,
          error: error.split("\n")[0],
        })),
        `${parked.length} parked`,
      ),
    );
    return "done";
  },
});

export const parkedShow = defineCommand({
  name: "parked show",
  words: ["projection", "entity"],
  options: {},
  about: "Print a parked entity with its error and event",
  details: READER,
  example: "parked show product-catalog p-1",
  run: async ({ words: { projection, entity } }, { service, connect, output }) => {
    const reader = findReader(await service(), projection);
    const { parked } = await readParked(await connect(), reader);
    const found = parked.filter(({ entityId }) => entityId === entity);
    if (found.length === 0) throw new NotParkedError(reader, entity);
    await output.result(found, () => found.flatMap(({ error, ...rest }) => [JSON.stringify(rest, null, 2), error]));
    return "done";
  },
});

export const parkedRetry = defineCommand({
  name: "parked retry",
  words: ["projection", "entity"],
  options: {},
  about: "Try a parked entity again, after a fix",
  details: `${READER} Exit code 1 when it failed again.`,
  example: "parked retry product-catalog p-1",
  run: ({ words }, context) => resume(context, { ...words, skip: false }),
});

export const parkedSkip = defineCommand({
  name: "parked skip",
  words: ["projection", "entity"],
  options: {},
  about: "Pass the event by that a parked entity waits at, and go on",
  details: `${READER} The event stays in the store.`,
  example: "parked skip product-catalog p-1 --yes",
  asks: ({ words: { projection, entity } }) => `The event that ${projection} waits at is never taken for ${entity}.`,
  run: ({ words }, context) => resume(context, { ...words, skip: true }),
});

async function resume(
  { service, connect, output }: CommandContext,
  {
    projection,
    entity: entityId,
    skip,
  }: { readonly projection: string; readonly entity: string; readonly skip: boolean },
): Promise<Outcome> {
  const reader = findReader(await service(), projection);
  const { error } = await resumeParked(await connect(), { reader, entityId, skip });
  await output.result({ reader, entityId, error }, () =>
    error === undefined ? `${entityId} has caught up in ${reader}` : `${entityId} failed again in ${reader}: ${error}`,
  );
  return error === undefined ? "done" : "problem";
}
