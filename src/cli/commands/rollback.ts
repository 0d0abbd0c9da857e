import { rollback as rollbackProjection } from "../../projector/dynamodb/index.ts";
import { defineCommand } from "../command.ts";
import { findProjection } from "../find.ts";
import { watchedRebuild } from "./rebuild.ts";

/** Serves the generation before. */
export const rollback = defineCommand({
  name: "rollback",
  words: ["projection"],
  options: { "catch-up": { kind: "flag", about: "where that generation missed events, scan them into it first" } },
  about: "Serve the generation of a projection's rows that was served before",
  example: "rollback product-catalog --yes",
  asks: ({ words: { projection } }) =>
    `Readers of ${projection} are served the generation before, with its rows as they are.`,
  run: async ({ words, options }, context) => {
    const projection = findProjection(await context.service(), words.projection);
    const connection = await context.connect();
    const watched = options["catch-up"]
      ? watchedRebuild(context, projection, await connection.countEvents())
      : undefined;
    const { clock } = context.io;
    const { generation } = await rollbackProjection(connection.projector, projection, {
      clock,
      catchUp: watched?.options,
    }).finally(() => watched?.end());
    await context.output.result(
      { projection: projection.name, generation },
      () => `generation ${generation} of ${projection.name} is served`,
    );
    return "done";
  },
});
