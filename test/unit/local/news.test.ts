import { expect, jest, test } from "@jest/globals";
import { News } from "../../../src/local/news.ts";

test("who waits goes on with the news, after the time, or when the signal aborts; who comes later waits again", async () => {
  jest.useFakeTimers();
  try {
    const news = new News();
    const stopping = new AbortController();
    const went: string[] = [];
    const wait = (name: string, milliseconds: number) =>
      news.wait(milliseconds, stopping.signal).then(() => went.push(name));
    const all = [wait("told", 1_000), wait("also told", 5_000)];
    news.tell();
    await Promise.all(all);
    expect(went).toEqual(["told", "also told"]);
    const timed = wait("in time", 100);
    await jest.advanceTimersByTimeAsync(100);
    await timed;
    const stopped = wait("stopped", 60_000);
    stopping.abort();
    await stopped;
    await wait("already stopped", 60_000);
    expect(went).toEqual(["told", "also told", "in time", "stopped", "already stopped"]);
    expect(jest.getTimerCount()).toBe(0);
  } finally {
    jest.useRealTimers();
  }
});
