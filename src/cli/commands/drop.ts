import { dropGeneration } from "../../operations/index.ts";
import { defineCommand } from "../command.ts";
import { findProjection } from "../find.ts";
import { integerOf } from "../values.ts";

/** Removes the rows of a generation that is not served. */
export const drop = defineCommand({
  name: "drop",
  words: ["projection", "generation"],
  options: {
    abandon: { kind: "flag", about: "also one that is being built, by a rebuild that does not run any more" },
  },
  about: "Remove a generation of a projection's rows that is not served",
  example: "drop product-catalog 1 --yes",
  asks: ({ words: { projection, generation } }) => `All rows of generation ${generation} of ${projection} are removed.`,
  run: async ({ words, options: { abandon } }, { service, connect, output }) => {
    const projection = findProjection(await service(), words.projection);
    const generation = integerOf("GENERATION", { min: 1 }, words.generation);
    const { itemsRemoved } = await dropGeneration(await connect(), projection, { generation, abandon });
    await output.result(
      { projection: projection.name, generation, itemsRemoved },
      () => `${itemsRemoved} items removed`,
    );
    return "done";
  },
});
