import { batch, type ReadonlySignal, signal } from "@preact/signals";
import { addressOf } from "./api.ts";
import type { LiveEvents } from "./contract.ts";

export type Connection = "connecting" | "live" | "lost";
type Name = keyof LiveEvents;
type Listener<Kind extends Name> = (data: LiveEvents[Kind]) => void;

const state = signal<Connection>("connecting");
const local = signal<boolean | undefined>(undefined);
const timesHealed = signal(0);

export const connection: ReadonlySignal<Connection> = state;
/** Undefined until the stream has said it. */
export const isLocal: ReadonlySignal<boolean | undefined> = local;
/** How often the connection came back. */
export const healed: ReadonlySignal<number> = timesHealed;

/** Opens the live stream and keeps it open. */
export function startLive(): void {
  onLive("hello", (hello) => {
    local.value = hello.isLocal;
  });
  open();
  addEventListener("offline", () => lose());
  document.addEventListener("visibilitychange", flush);
}

/** Listeners are called once a frame with all that has come, in one batch of signals. */
export function onLive<Kind extends Name>(name: Kind, listener: Listener<Kind>): void {
  listeners.push([name, listener as Listener<Name>]);
}

const listeners: [Name, Listener<Name>][] = [];
const NAMES: readonly Name[] = ["hello", "appended", "published", "samples", "costs"];

function open(): void {
  const source = new EventSource(addressOf("live"));
  source.addEventListener("open", found);
  source.addEventListener("error", () => {
    missing();
    // After an answer that is no stream, the browser does not ask again.
    if (source.readyState === EventSource.CLOSED) setTimeout(open, REOPEN_MS);
  });
  for (const name of NAMES)
    source.addEventListener(name, (message: MessageEvent<string>) => {
      found();
      enqueue(name, JSON.parse(message.data) as LiveEvents[Name]);
    });
}

let lostTimer: ReturnType<typeof setTimeout> | undefined;

/** An answer may end and be asked for again; only one that stays away is a lost connection. */
function missing(): void {
  lostTimer ??= setTimeout(lose, PATIENCE_MS);
}

function lose(): void {
  state.value = "lost";
}

function found(): void {
  clearTimeout(lostTimer);
  lostTimer = undefined;
  if (state.value === "live") return;
  const wasLost = state.value === "lost";
  batch(() => {
    state.value = "live";
    if (wasLost) timesHealed.value += 1;
  });
}

const waiting: [Name, LiveEvents[Name]][] = [];

function enqueue(name: Name, data: LiveEvents[Name]): void {
  waiting.push([name, data]);
  if (waiting.length > 1) return;
  // A hidden page draws no frames.
  if (document.hidden) setTimeout(flush, HIDDEN_MS);
  else requestAnimationFrame(flush);
}

function flush(): void {
  const messages = waiting.splice(0);
  batch(() => {
    for (const [name, data] of messages)
      for (const [wanted, listener] of listeners) if (wanted === name) listener(data);
  });
}

const REOPEN_MS = 2_000;
const PATIENCE_MS = 4_000;
const HIDDEN_MS = 1_000;
