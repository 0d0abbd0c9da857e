import { dynamoDbSweepProgress, type SweepReport, sweepAggregate } from "../../snapshotter/index.ts";
import { defineCommand } from "../command.ts";
import { findAggregate } from "../find.ts";
import { tableLines } from "../table.ts";

/** Makes the snapshots that are due, as the daily sweep does. */
export const snapshotsSweep = defineCommand({
  name: "snapshots sweep",
  words: ["[aggregate]"],
  options: {},
  about: "Snapshot every entity that changed since the last sweep",
  details:
    "Goes on where a sweep was cut off. It is what the snapshotter does every day, and shares its place with it.",
  example: "snapshots sweep Product",
  run: async ({ words: { aggregate } }, { io, service, connect, progress, output }) => {
    const declared = await service();
    const aggregates =
      aggregate === undefined ? Object.values(declared.aggregates) : [findAggregate(declared, aggregate)];
    const { store, table, names } = await connect();
    const kept = dynamoDbSweepProgress(table.client, names.snapshots);
    const { tell, end } = progress({ unit: "slices of keys" });
    let slices = 0;
    const reports: SweepReport[] = [];
    for (const one of aggregates)
      reports.push(
        await sweepAggregate(
          {
            store,
            aggregates,
            clock: io.clock,
            timeLeft: () => Number.POSITIVE_INFINITY,
            progress: {
              load: kept.load,
              save: async (type, position) => {
                await kept.save(type, position);
                slices += 1;
                tell(slices, type);
              },
            },
            onFailure: (entityId, error) => output.note(`${entityId}: ${String(error)}`),
          },
          one,
        ).finally(end),
      );
    await output.result(reports, () => tableLines(reports.map((report) => ({ ...report }))));
    return reports.some(({ failed }) => failed > 0) ? "problem" : "done";
  },
});
