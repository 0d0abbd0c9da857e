import type { Projection } from "../../definition/index.ts";
import { servingOf, type Verified, verify as verifyGeneration } from "../../projector/dynamodb/index.ts";
import { type CommandContext, defineCommand } from "../command.ts";
import { watchScans } from "../watch-scans.ts";
import { chosenProjections } from "./rebuild.ts";

/** Recomputes rows from the events and lists what differs. */
export const verify = defineCommand({
  name: "verify",
  words: ["[projection]"],
  options: { all: { kind: "flag", about: "every projection, one after another" } },
  about: "Recompute a projection's rows from the events and list what differs",
  details: `Reads both tables whole and keeps the rows in memory. Exit code 1 when a row differs or an event cannot be taken any
more. An entity that is behind is no difference: its rows are held to its checkpoint.`,
  example: "verify product-catalog",
  run: async ({ words: { projection }, options: { all } }, context) => {
    const chosen = chosenProjections(await context.service(), projection, all);
    const results: Result[] = [];
    for (const one of chosen) results.push(await verifyOne(context, one));
    await context.output.result(all ? results : results[0], () => results.flatMap(textOf));
    return results.some(({ differences, failed }) => differences.length + failed.length > 0) ? "problem" : "done";
  },
});

type Result = Verified & { readonly projection: string; readonly generation: number };

async function verifyOne(context: CommandContext, projection: Projection): Promise<Result> {
  const connection = await context.connect();
  const { table, service } = connection;
  const generation = await servingOf(table, projection);
  const { store, end } = await watchScans(connection, context, projection.name);
  const { eventTypes } = service;
  const verified = await verifyGeneration({ store, table, eventTypes }, projection, generation).finally(end);
  return { projection: projection.name, generation: generation.number, ...verified };
}

function textOf({ projection, rows, differences, skipped, failed, behind }: Result): string[] {
  const advice =
    behind.length > 0 ? "; behind are entities with events that it has not taken, which is no difference" : "";
  return [
    ...differences.map((difference) => JSON.stringify(difference)),
    ...skipped.map(({ entityId, sequenceNumber }) => `skipped: ${entityId} #${sequenceNumber}`),
    ...failed.map(
      ({ entityId, sequenceNumber, error }) => `cannot be taken any more: ${entityId} #${sequenceNumber}: ${error}`,
    ),
    `${projection}: ${rows} rows, ${differences.length} differences, ${skipped.length} events skipped, ${failed.length} failed, ${behind.length} entities behind${advice}`,
  ];
}
