import { measureCosts } from "../../operations/dynamodb-measure-costs.ts";
import { PRICES } from "../../operations/prices.ts";
import { defineCommand } from "../command.ts";
import { tableLines } from "../table.ts";

/** Measures what the service's operations cost. */
export const cost = defineCommand({
  name: "cost",
  words: [],
  options: {},
  about: "Measure what the service's operations cost: requests, capacity units, dollars",
  details: `It takes the newest entities of the table, at most five an aggregate and fifty events of each, and does with them what
the service does, in three tables of the same keys that it makes and removes: what it prints is what DynamoDB counted
for your events, rows and indexes, not an estimate. Dollars are list prices of on-demand capacity and of the bus. Lambda,
the API, queues, logs and storage are not in it: docs/performance.md. On AWS it asks, for it makes tables there.`,
  example: "cost",
  mayAsk: true,
  run: async (_, { io, connect, confirm, output }) => {
    const { service, store, names, stage, payloadEncoding, clientConfig } = await connect();
    const { events, snapshots, readModels } = names;
    if (!stage.local)
      await confirm(`Three tables named ${stage.prefix}-…-cost-… are made for some minutes, and removed.`);
    const costs = await measureCosts({
      service,
      store,
      names: { events, snapshots, readModels },
      indexShards: stage.indexShards,
      encoding: payloadEncoding,
      clientConfig,
      clock: io.clock,
      newId: io.newId,
    });
    if (!costs) throw new Error("there are no events yet to measure with: send some first");
    await output.result({ ...costs, prices: PRICES.asOf }, () => [
      ...tableLines(
        [...costs.operations, costs.perEvent].map(
          ({ operation, requests, readUnits, writeUnits, dollarsPerMillion }) => ({
            operation,
            requests,
            "read units": readUnits,
            "write units": writeUnits,
            "$ a million": dollarsPerMillion.toFixed(2),
          }),
        ),
      ),
      "",
      `measured with ${costs.events} events of ${costs.entities} entities; prices of ${PRICES.asOf}`,
    ]);
    return "done";
  },
});
