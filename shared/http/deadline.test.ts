// SPDX-License-Identifier: Apache-2.0

import { afterEach, beforeEach, describe, expect, it, type MockInstance, vi } from "vitest";
import { withDeadline } from "./deadline.ts";

let set: MockInstance<typeof setTimeout>;
let clear: MockInstance<typeof clearTimeout>;
beforeEach(() => {
  vi.useFakeTimers();
  set = vi.spyOn(globalThis, "setTimeout");
  clear = vi.spyOn(globalThis, "clearTimeout");
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

/** The timers of this file, by their duration, that nobody has cleared: other work in the process may have some. */
function timersLeft(): number {
  const cleared = new Set<unknown>(clear.mock.calls.map(([timer]) => timer));
  const own = set.mock.results.filter((_, i) => set.mock.calls[i]?.[1] === MILLISECONDS);
  return own.filter(({ value }) => !cleared.has(value)).length;
}

/** A duration that no other timer has. */
const MILLISECONDS = 1009;

const never = (): Promise<never> => new Promise(() => undefined);

describe("a deadline", () => {
  it("passes on what the call yields, and sets no timer if that is there already", async () => {
    await expect(withDeadline(MILLISECONDS, Promise.resolve("answer"))).resolves.toBe("answer");
    await expect(withDeadline(MILLISECONDS, Promise.reject(new Error("down")))).rejects.toThrow("down");
    expect(set.mock.calls.filter(([, duration]) => duration === MILLISECONDS)).toEqual([]);
  });

  it("leaves no timer behind", async () => {
    const soon = new Promise((resolve) => setTimeout(resolve, 1, "answer"));
    const limited = expect(withDeadline(MILLISECONDS, soon)).resolves.toBe("answer");
    await vi.advanceTimersByTimeAsync(1);
    await limited;
    expect(timersLeft()).toBe(0);
  });

  it.each([
    [undefined, "no answer within 1009 ms"],
    ["the log did not answer", "the log did not answer"],
  ])("ends a call that stalls; message: %s", async (message, expected) => {
    const limited = withDeadline(MILLISECONDS, never(), message);
    const ended = expect(limited).rejects.toThrow(expected);
    await vi.advanceTimersByTimeAsync(MILLISECONDS - 1);
    expect(timersLeft()).toBe(1);
    await vi.advanceTimersByTimeAsync(1);
    await ended;
    expect(timersLeft()).toBe(0);
  });
});
