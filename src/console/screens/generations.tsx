import { addressOf, part, post } from "../api.ts";
import type { Dropped } from "../contract.ts";
import { confirm } from "../dialog.tsx";
import { plural } from "../format.ts";
import { notify } from "../notice.tsx";
import { mayHaveChanged, readers } from "../status.ts";
import { useWork } from "../use-work.ts";
import { runInSlices, running } from "./run-slices.ts";

/** The builds of a read model: which is served, and what to do with the others. */
export function Generations({ name }: { readonly name: string }) {
  const status = readers.data.value?.projections.find((one) => one.projection === name);
  if (!status) return null;
  const { generations, servingGeneration } = status;
  const previous = generations
    .filter(({ generation, status: state }) => state === "ready" && generation < (servingGeneration ?? 0))
    .at(-1);
  return (
    <section aria-labelledby="generations">
      <h2 id="generations">Generations</h2>
      <div class="card table-card">
        <table class="table stack">
          <thead>
            <tr>
              <th scope="col">Generation</th>
              <th scope="col">Of version</th>
              <th scope="col">Standing</th>
              <th scope="col">
                <span class="for-readers">Actions</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {[...generations].reverse().map((one) => {
              const isServed = one.generation === servingGeneration;
              return (
                <tr key={one.generation}>
                  <td data-label="Generation">{one.generation}</td>
                  <td data-label="Of version">{one.version}</td>
                  <td data-label="Standing">{isServed ? <span class="badge good">served</span> : one.status}</td>
                  <td class="actions">
                    {one === previous && <RollbackButton name={name} generation={one.generation} />}
                    {!isServed && (
                      <DropButton name={name} generation={one.generation} isBuilding={one.status !== "ready"} />
                    )}
                  </td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function RollbackButton({ name, generation }: { readonly name: string; readonly generation: number }) {
  const rollback = async (): Promise<void> => {
    const answer = await confirm({
      title: `Roll ${name} back to generation ${generation}?`,
      text: `Readers get the rows of generation ${generation} from now on. The present generation stays, and can be served again by a rebuild.`,
      action: "Roll back",
      isDestructive: true,
      option: "Read events that it has missed first",
    });
    if (answer) await runInSlices(name, "rollback", answer.option ? { catchUp: true } : {});
  };
  return (
    <button type="button" class="button" disabled={running.value[name] !== undefined} onClick={() => void rollback()}>
      Roll back to {generation}
    </button>
  );
}

interface DropProps {
  readonly name: string;
  readonly generation: number;
  readonly isBuilding: boolean;
}

function DropButton({ name, generation, isBuilding }: DropProps) {
  const [isDropping, work] = useWork();
  const drop = async (): Promise<void> => {
    const answer = await confirm({
      title: `Drop generation ${generation} of ${name}?`,
      text: isBuilding
        ? `Generation ${generation} is not whole. Its rows are deleted, and a rebuild that works on it is given up.`
        : `The rows and checkpoints of generation ${generation} are deleted. It can no longer be rolled back to; the events stay.`,
      action: `Drop generation ${generation}`,
      isDestructive: true,
    });
    if (!answer) return;
    await work(async () => {
      const address = addressOf("api", `/operations/projections/${part(name)}/drop`);
      const { itemsRemoved } = await post<Dropped>(
        address,
        isBuilding ? { generation, abandon: true } : { generation },
      );
      notify(`Generation ${generation} of ${name} is dropped: ${plural(itemsRemoved, "item")} removed.`);
    });
    mayHaveChanged();
  };
  return (
    <button type="button" class="button danger-quiet" disabled={isDropping} onClick={() => void drop()}>
      {isDropping ? "Dropping…" : `Drop ${generation}`}
    </button>
  );
}
