import { readReaders } from "../../operations/index.ts";
import { defineCommand } from "../command.ts";
import { tableLines } from "../table.ts";

/** Prints how far every reader of the events is. */
export const projections = defineCommand({
  name: "projections",
  words: [],
  options: {},
  about: "Print how far every projection and the publisher are, and what is parked",
  details: "Lag is looked for among the events of the last day. `+` marks a number that is the least there are.",
  example: "projections",
  run: async (_, { connect, output }) => {
    const status = await readReaders(await connect());
    const lagOf = (one: {
      readonly eventsBehind: number;
      readonly isFloor: boolean;
      readonly oldestWaitingSeconds: number;
    }) => ({
      behind: `${one.eventsBehind}${one.isFloor ? "+" : ""}`,
      "oldest s": one.oldestWaitingSeconds,
    });
    await output.result(status, () =>
      tableLines([
        ...status.projections.map(({ projection, version, servingGeneration, generations, parked, ...lag }) => ({
          reader: projection,
          version,
          serving: servingGeneration,
          generations:
            generations.map((one) => `${one.generation}${one.status === "ready" ? "" : ` ${one.status}`}`).join(", ") ||
            "-",
          ...lagOf(lag),
          parked,
        })),
        { reader: "publisher", ...lagOf(status.publisher), parked: status.publisher.parked },
      ]),
    );
    return "done";
  },
});
