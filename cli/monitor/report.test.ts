// SPDX-License-Identifier: Apache-2.0
// The lines of a monitor: names in certificates come from strangers, and must not write on the terminal.

import { expect, test } from "vitest";
import { toWatchedEntry } from "../../shared/monitor/entry.ts";
import { makeEvent } from "../../shared/monitor/event.ts";
import { toEventEntry } from "../../shared/monitor/event-entry.ts";
import { unixMs } from "../../shared/time.ts";
import {
  certificateVerifier,
  certificateWith,
  emailName,
  makeHashedRecord,
} from "../../test/support/monitor/records.ts";
import { valueOf } from "../../test/support/value-of.ts";
import { makeReporter } from "./report.ts";

test("has no character of a stranger that moves the cursor or reorders what is read", () => {
  const lines: string[] = [];
  const { event } = makeReporter({
    isJson: false,
    stream: process.stdout,
    say: () => undefined,
    result: (_, text) => void lines.push(text),
  });
  // An ASCII string may hold any byte below 128; an origin comes from a configuration.
  const der = certificateWith({ names: [emailName("a\u001b[2Jb\u0007\r\n@evil.example")] });
  const place = { log: "log\u202Emoc", kind: "signature", index: 3, at: null, hints: null } as const;
  const entry = toEventEntry(
    valueOf(toWatchedEntry(makeHashedRecord(new Uint8Array(32), certificateVerifier(der)), place)),
  );
  const details = { selector: "mine", entry, why: "", differences: [] };
  event(makeEvent("match.unexpected", { at: unixMs(1), log: place.log, details }));
  expect(lines).toHaveLength(1);
  for (const bad of ["\u001b[2J", "\u0007", "\r", "\n", "\u202e"]) expect(lines[0]).not.toContain(bad);
  expect(lines[0]).toContain("@evil.example: entry 3 of log logmoc");
});
