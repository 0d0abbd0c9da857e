import { signal } from "@preact/signals";
import { addressOf, part, post } from "../api.ts";
import type { GenerationProgress } from "../contract.ts";
import { notify, notifyError } from "../notice.tsx";
import { mayHaveChanged } from "../status.ts";

export interface Running {
  readonly what: "rebuild" | "rollback";
  readonly progress: GenerationProgress | undefined;
}

/** What is being done to projections, by name. It goes on while another screen is looked at. */
export const running = signal<Readonly<Record<string, Running>>>({});

/** The server works for some seconds and says how far it is; it is asked again until it is done. */
export async function runInSlices(name: string, what: Running["what"], body: object): Promise<void> {
  if (running.peek()[name]) return;
  show(name, { what, progress: undefined });
  try {
    let progress: GenerationProgress;
    do {
      progress = await post<GenerationProgress>(
        addressOf("api", `/operations/projections/${part(name)}/${what}`),
        body,
      );
      show(name, { what, progress });
    } while (!progress.isDone);
    notify(`${name} now serves generation ${progress.generation ?? ""}.`);
  } catch (error) {
    notifyError(error);
  } finally {
    show(name, undefined);
    mayHaveChanged();
  }
}

function show(name: string, state: Running | undefined): void {
  const { [name]: _, ...others } = running.peek();
  running.value = state ? { ...others, [name]: state } : others;
}
