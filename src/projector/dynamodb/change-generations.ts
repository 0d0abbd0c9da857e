import { type Projection, versionOf } from "../../definition/projection.ts";
import type { Generations } from "../generation.ts";
import { GenerationRefusedError } from "../generation-errors.ts";
import { findGenerations, writeGenerations } from "./generations.ts";
import type { Projector } from "./projector.ts";

interface ForgetOptions {
  readonly generation: number;
  readonly clock: () => Date;
  /** Also one that is being built, by a rebuild that is not continued. Default: it is refused. */
  readonly abandon?: boolean;
}

/**
 * Forgets a generation that is not served. Its rows are removed by `removeRows` after projectors have let go of it.
 */
export async function forgetGeneration(
  projector: Projector,
  projection: Projection,
  { generation, clock, abandon = false }: ForgetOptions,
): Promise<void> {
  const { name } = projection;
  await changeGenerations(projector, projection, {
    now: clock,
    change: (generations) => {
      if (generations.serving === generation)
        throw new GenerationRefusedError(name, `generation ${generation} is the serving one`);
      const found = generations.all.find((one) => one.generation === generation);
      if (!found) throw new GenerationRefusedError(name, `there is no generation ${generation}`);
      if (found.status === "building" && !abandon)
        throw new GenerationRefusedError(
          name,
          `generation ${generation} is being built: finish the rebuild, or abandon it if it is not running any more`,
        );
      const all = generations.all.filter((one) => one !== found);
      return { ...generations, all, previous: generations.previous === generation ? undefined : generations.previous };
    },
  });
}

/** How often a conditional write of the generations is tried when others change them too. */
const TRIES = 10;

/** Changes the generations of a projection as they stand, again when others have changed them meanwhile. */
export async function changeGenerations(
  projector: Projector,
  projection: Projection,
  { now, change }: { readonly now: () => Date; readonly change: (generations: Generations) => Generations },
): Promise<Generations> {
  const { table } = projector.context;
  for (let tries = 0; tries < TRIES; tries += 1) {
    const found = await findGenerations(table, projection.name, {
      version: versionOf(projection),
      now: now().toISOString(),
    });
    const next = change(found);
    if (next === found || (await writeGenerations(table, next))) {
      projector.generations.forget(projection.name);
      return next;
    }
  }
  throw new Error(`${projection.name}: the generations were changed by others ${TRIES} times in a row`);
}
