import type { Projection, ServiceDefinition } from "../../definition/index.ts";
import { type RebuildOptions, rebuild as rebuildProjection } from "../../projector/dynamodb/index.ts";
import { type CommandContext, defineCommand } from "../command.ts";
import { UsageError } from "../failure.ts";
import { findProjection } from "../find.ts";

/** Builds the rows of a projection anew beside the served ones, and then serves them. */
export const rebuild = defineCommand({
  name: "rebuild",
  words: ["[projection]"],
  options: {
    all: { kind: "flag", about: "every projection, all at the same time" },
    capacity: { kind: "integer", hint: "N", min: 1, about: "read at most so many capacity units a second in all" },
  },
  about: "Build a new generation of a projection's rows and serve it",
  details:
    "Readers are served the old rows until the new ones are whole. Cut off anywhere, the next call goes on from there.",
  example: "rebuild product-catalog --capacity 100",
  run: async ({ words: { projection }, options: { all, capacity } }, context) => {
    const chosen = chosenProjections(await context.service(), projection, all);
    const { projector, countEvents } = await context.connect();
    const expectedEvents = await countEvents();
    const limits = capacity === undefined ? {} : { capacityPerSecond: capacity / chosen.length };
    // All at the same time, for each begins with a wait until every projector knows of its new generation.
    const settled = await Promise.allSettled(
      chosen.map(async (one) => {
        const { options, end } = watchedRebuild(context, one, expectedEvents);
        const { generation } = await rebuildProjection(projector, one, { ...options, ...limits }).finally(end);
        return { projection: one.name, generation };
      }),
    );
    const failed = settled.find((one) => one.status === "rejected");
    if (failed) throw failed.reason;
    const results = settled.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
    await context.output.result(all ? results : results[0], () =>
      results.map(({ projection: name, generation }) => `generation ${generation} of ${name} is served`),
    );
    return "done";
  },
});

/** Options of a rebuild that tell how far it is. */
export function watchedRebuild(
  { io, progress }: CommandContext,
  { name }: Projection,
  total?: number,
): { readonly options: RebuildOptions; readonly end: () => void } {
  const { tell, end } = progress({ unit: "events", total });
  const { clock, pause } = io;
  const onProgress: RebuildOptions["onProgress"] = ({ events, segmentsDone, segments }) =>
    tell(events, `${name}: ${segmentsDone} of ${segments} segments`);
  return { options: { clock, pause, onProgress }, end };
}

/** One by its name, or all. @throws {UsageError} */
export function chosenProjections(
  service: ServiceDefinition,
  name: string | undefined,
  all: boolean,
): readonly Projection[] {
  if (all === (name !== undefined)) throw new UsageError("expected PROJECTION or --all");
  return name === undefined ? service.projections : [findProjection(service, name)];
}
