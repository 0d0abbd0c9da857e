import { type ReadonlySignal, signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { ApiError, getText } from "./api.ts";
import { healed } from "./live.ts";

/** What is at an address. What was fetched stays while it is fetched again; the same answer again changes nothing. */
export class Resource<T> {
  readonly #data = signal<T | undefined>(undefined);
  readonly #error = signal<ApiError | undefined>(undefined);
  #text: string | undefined;
  #running: Promise<void> | undefined;
  #isAskedAgain = false;

  constructor(readonly address: string) {}

  get data(): ReadonlySignal<T | undefined> {
    return this.#data;
  }

  get error(): ReadonlySignal<ApiError | undefined> {
    return this.#error;
  }

  /** Ends when what was there at the time of the call, or later, is shown. */
  refresh(): Promise<void> {
    if (this.#running) this.#isAskedAgain = true;
    this.#running ??= this.#fetch().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  async #fetch(): Promise<void> {
    do {
      this.#isAskedAgain = false;
      try {
        this.#take(await getText(this.address));
      } catch (error) {
        this.#error.value = error instanceof ApiError ? error : new ApiError(String(error), 0);
      }
    } while (this.#isAskedAgain);
  }

  #take(text: string): void {
    this.#error.value = undefined;
    if (text === this.#text) return;
    this.#text = text;
    this.#data.value = JSON.parse(text) as T;
  }
}

/** The resource at an address, shared by who shows it. */
export function resourceAt<T>(address: string): Resource<T> {
  const known = kept.get(address) ?? new Resource<unknown>(address);
  kept.delete(address);
  kept.set(address, known);
  for (const oldest of kept.keys()) {
    if (kept.size <= MOST_KEPT) break;
    kept.delete(oldest);
  }
  return known as Resource<T>;
}

const kept = new Map<string, Resource<unknown>>();
const MOST_KEPT = 100;

/** Fetches when it is first shown, and again after the connection was lost. */
export function useResource<T>(address: string): Resource<T> {
  const resource = resourceAt<T>(address);
  const times = healed.value;
  useEffect(() => void resource.refresh(), [resource, times]);
  return resource;
}
