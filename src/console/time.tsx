import { computed, signal } from "@preact/signals";
import { useMemo } from "preact/hooks";
import { ago, exact, moment } from "./format.ts";

/** Moves on every few seconds, for texts such as `3 min ago`. */
export const now = signal(Date.now());

export function startClock(): void {
  setInterval(() => {
    if (!document.hidden) now.value = Date.now();
  }, TICK_MS);
}

const TICK_MS = 5_000;

/** `04:47:46`, and the exact time for who points at it. */
export function Time({ iso }: { readonly iso: string }) {
  const text = useMemo(() => computed(() => moment(iso, now.value)), [iso]);
  return (
    <time dateTime={iso} title={exact(iso)}>
      {text}
    </time>
  );
}

/** `3 min ago`, and the exact time for who points at it. */
export function Ago({ iso }: { readonly iso: string }) {
  const text = useMemo(() => computed(() => ago(iso, now.value)), [iso]);
  return (
    <time dateTime={iso} title={exact(iso)}>
      {text}
    </time>
  );
}
