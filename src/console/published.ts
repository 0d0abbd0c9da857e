import { type ReadonlySignal, signal } from "@preact/signals";
import type { LiveEvents } from "./contract.ts";
import { onLive } from "./live.ts";

export type BusEntry = LiveEvents["published"]["entries"][number];

const kept = signal<readonly BusEntry[]>([]);

/** What went over the bus while the page was open, newest first. Only a local run tells it. */
export const newestPublished: ReadonlySignal<readonly BusEntry[]> = kept;

export function startPublished(): void {
  onLive("published", ({ entries }) => {
    kept.value = [...entries].reverse().concat(kept.peek()).slice(0, MOST);
  });
}

const MOST = 500;
