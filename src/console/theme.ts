import { effect, signal } from "@preact/signals";

export type Theme = "light" | "dark";

const system = matchMedia("(prefers-color-scheme: dark)");
const chosen = signal<Theme | undefined>(readChosen());
const ofSystem = signal<Theme>(system.matches ? "dark" : "light");

/** What the page looks like: as the reader chose, else as the system has it. */
export const theme = signal<Theme>(chosen.peek() ?? ofSystem.peek());

export function startTheme(): void {
  system.addEventListener("change", ({ matches }) => {
    ofSystem.value = matches ? "dark" : "light";
  });
  effect(() => {
    const next = chosen.value ?? ofSystem.value;
    document.documentElement.dataset.theme = next;
    theme.value = next;
  });
}

export function toggleTheme(): void {
  const next = theme.peek() === "dark" ? "light" : "dark";
  chosen.value = next;
  try {
    localStorage.setItem(KEY, next);
  } catch {
    // Without storage it is kept until the page goes.
  }
}

function readChosen(): Theme | undefined {
  try {
    const stored = localStorage.getItem(KEY);
    return stored === "dark" || stored === "light" ? stored : undefined;
  } catch {
    return undefined;
  }
}

const KEY = "streamfold-theme";
