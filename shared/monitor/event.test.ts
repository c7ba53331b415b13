// SPDX-License-Identifier: Apache-2.0

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { unixMs } from "../time.ts";
import { decodeEvent, EVENT_KINDS, type EventEntry, makeEvent } from "./event.ts";

const AT = unixMs(1_800_000_000_000);
const LATER = unixMs(AT + 1);
const ENTRY: EventEntry = {
  index: 12,
  what: "signature",
  loggedAt: null,
  identity: "alice@example.org",
  issuer: null,
  digests: [],
  publicKey: "00",
  certificate: null,
  repository: null,
  workflow: null,
  ref: null,
  run: null,
};
const match = { entry: ENTRY, why: "the name is alice@example.org", differences: [] };

describe("the key of an event", () => {
  test("is the same for the same cause, whenever it is seen", () => {
    const [one, other] = [AT, LATER].map((at) =>
      makeEvent("match.unexpected", { at, log: "log.example", details: { ...match, selector: "me" } }),
    );
    expect(one?.key).toBe("match.unexpected/me/log.example/12");
    expect(other?.key).toBe(one?.key);
  });

  test("of a gap that grows stays; of a second outage differs", () => {
    const gap = (to: number): string =>
      makeEvent("log.gap", { at: AT, log: "a", details: { from: 5, to, reason: "" } }).key;
    const outage = (since: typeof AT): string =>
      makeEvent("log.unreachable", { at: LATER, log: "a", details: { since, reason: "" } }).key;
    expect(gap(9)).toBe(gap(10));
    expect(outage(AT)).not.toBe(outage(LATER));
  });

  test("of two selectors and logs is never the same, whatever their names hold", () => {
    const name = fc.string({ unit: fc.constantFrom("/", "a", "%", "2", "F"), maxLength: 6 });
    const keyOf = (selector: string, log: string): string =>
      makeEvent("match.expected", { at: AT, log, details: { ...match, selector } }).key;
    fc.assert(
      fc.property(name, name, name, name, (a, b, c, d) => {
        expect(keyOf(a, b) === keyOf(c, d)).toBe(a === c && b === d);
      }),
    );
  });
});

describe("decodeEvent", () => {
  const event = makeEvent("log.stalled", { at: AT, log: null, details: { since: AT, size: 3 } });

  test("reads what JSON kept", () => {
    expect(decodeEvent(JSON.parse(JSON.stringify(event)))).toStrictEqual(event);
    expect(event.class).toBe("infrastructure");
  });

  test("does not take the class from the file", () => {
    for (const kind of EVENT_KINDS) {
      const isSecurity = decodeEvent({ ...event, kind, class: "x" })?.class === "security";
      expect(isSecurity).toBe(/^(match|entry|certificate|key)\.|inconsistent|inactive|equivocated/.test(kind));
    }
  });

  test.each([
    ["nothing", null],
    ["another kind", { ...event, kind: "log.fine" }],
    ["an inherited name as kind", { ...event, kind: "toString" }],
    ["no key", { ...event, key: 1 }],
    ["no time", { ...event, at: -1 }],
    ["a log that is a number", { ...event, log: 4 }],
    ["no details", { ...event, details: null }],
  ])("rejects %s", (_, json) => {
    expect(decodeEvent(json)).toBeNull();
  });
});
