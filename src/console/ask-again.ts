/** Asks again, after growing pauses, until there is an answer: for what every screen needs. */
export async function askAgain(ask: () => Promise<boolean>): Promise<void> {
  for (let pauseMs = FIRST_PAUSE_MS; !(await ask()); pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS))
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
}

const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 15_000;
