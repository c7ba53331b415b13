// SPDX-License-Identifier: Apache-2.0

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { withDeadline } from "./deadline.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const never = (): Promise<never> => new Promise(() => undefined);

describe("a deadline", () => {
  it("passes on what the call yields, and leaves no timer behind", async () => {
    await expect(withDeadline(1000, Promise.resolve("answer"))).resolves.toBe("answer");
    await expect(withDeadline(1000, Promise.reject(new Error("down")))).rejects.toThrow("down");
    expect(vi.getTimerCount()).toBe(0);
  });

  it.each([
    [undefined, "no answer within 1000 ms"],
    ["the log did not answer", "the log did not answer"],
  ])("ends a call that stalls; message: %s", async (message, expected) => {
    const limited = withDeadline(1000, never(), message);
    const ended = expect(limited).rejects.toThrow(expected);
    await vi.advanceTimersByTimeAsync(999);
    expect(vi.getTimerCount()).toBe(1);
    await vi.advanceTimersByTimeAsync(1);
    await ended;
    expect(vi.getTimerCount()).toBe(0);
  });
});
