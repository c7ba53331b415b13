// SPDX-License-Identifier: Apache-2.0
// A test that runs what an isolate runs while it starts.

import { vi } from "vitest";

/**
 * Refuses what start-up refuses: a response with a body, a deadline, random bytes. It leaves setTimeout, which the
 * tests of other files in this process may still wait for. Ends with vi.unstubAllGlobals and vi.restoreAllMocks.
 */
export function forbidWhatStartUpForbids(): void {
  const refuse = (): never => {
    throw new Error("Disallowed operation called within global scope");
  };
  vi.stubGlobal(
    "Response",
    class extends Response {
      constructor(body: BodyInit | null = null, init: ResponseInit = {}) {
        if (body !== null) refuse();
        super(null, init);
      }
    },
  );
  vi.spyOn(AbortSignal, "timeout").mockImplementation(refuse);
  vi.spyOn(crypto, "getRandomValues").mockImplementation(refuse);
}
