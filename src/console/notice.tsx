import { signal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import type { ApiError } from "./api.ts";
import { Icon } from "./icon.tsx";

interface Notice {
  readonly id: number;
  readonly text: string;
  readonly isBad: boolean;
}

const notices = signal<readonly Notice[]>([]);
let lastId = 0;

/** Says what came of something that was done; good news go by themselves. */
export function notify(text: string, { isBad = false } = {}): void {
  lastId += 1;
  const notice = { id: lastId, text, isBad };
  notices.value = [...notices.value, notice].slice(-MOST);
  if (!isBad) setTimeout(() => dismiss(notice.id), SHOWN_MS);
}

export const notifyError = (error: unknown): void => notify(errorText(error), { isBad: true });

export const errorText = (error: unknown): string => (error instanceof Error ? error.message : String(error));

const dismiss = (id: number): void => {
  notices.value = notices.value.filter((notice) => notice.id !== id);
};

/** What went wrong on one screen is not carried to the next. */
export const dismissBad = (): void => {
  notices.value = notices.value.filter(({ isBad }) => !isBad);
};

export function Notices() {
  return (
    <div class="notices" role="status">
      {notices.value.map(({ id, text, isBad }) => (
        <p key={id} class={isBad ? "notice bad" : "notice"}>
          <Icon name={isBad ? "warning" : "check"} size={18} />
          <span>{text}</span>
          <button type="button" class="button quiet icon-only" aria-label="Dismiss" onClick={() => dismiss(id)}>
            <Icon name="close" size={16} />
          </button>
        </p>
      ))}
    </div>
  );
}

/** What stands where there is nothing yet: what to do next. */
export function Empty({ title, children }: { readonly title: string; readonly children?: ComponentChildren }) {
  return (
    <div class="empty">
      <p class="empty-title">{title}</p>
      {children && <p>{children}</p>}
    </div>
  );
}

/** What could not be fetched, in its place. */
export function Failed({ error, again }: { readonly error: ApiError; readonly again: () => void }) {
  return (
    <div class="failed" role="alert">
      <Icon name="warning" size={18} />
      <span>{error.message}</span>
      <button type="button" class="button" onClick={again}>
        Try again
      </button>
    </div>
  );
}

const MOST = 4;
const SHOWN_MS = 6_000;
