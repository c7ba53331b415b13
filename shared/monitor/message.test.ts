// SPDX-License-Identifier: Apache-2.0

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ENTRY, eventsOfEveryKind, toNamedEvent } from "../../test/support/monitor/events.ts";
import { unixMs } from "../time.ts";
import { EVENT_KINDS, makeEvent } from "./event.ts";
import { describeEvent, toChatJson, toEventJson } from "./message.ts";

const AT = unixMs(1_800_000_000_000);

describe("describeEvent", () => {
  test("has words for every kind", () => {
    const subjects = eventsOfEveryKind.map((event) => describeEvent(event).subject);
    expect(eventsOfEveryKind.map(({ kind }) => kind).toSorted()).toEqual([...EVENT_KINDS].toSorted());
    expect(new Set(subjects).size).toBe(EVENT_KINDS.length);
    for (const subject of subjects) expect(subject).not.toMatch(/undefined|null|NaN|\[object/);
  });

  test("says who signed what, why it was chosen, and what to do", () => {
    const details = {
      selector: "me",
      entry: ENTRY,
      why: "the identity is alice@example.org",
      differences: ["the ref is refs/heads/x, not refs/tags/v*"],
    };
    const { subject, text } = describeEvent(makeEvent("match.unexpected", { at: AT, log: "log.example", details }));
    expect(subject).toBe("Unexpected signature by alice@example.org");
    expect(text).toBe(
      [
        "Unexpected signature by alice@example.org",
        "",
        "selector: me",
        "because: the identity is alice@example.org",
        "not expected: the ref is refs/heads/x, not refs/tags/v*",
        "entry: 12",
        "kind: signature of a digest; not matched to a file",
        "identity: alice@example.org",
        "key of the signer: 00",
        "log: log.example",
        "seen: 2027-01-15T08:00:00Z",
        "key: match.unexpected/me/log.example/12",
        "",
        "If you do not know this entry, somebody can sign in this name. Find out how they got the token or the key, and tell those who verify the artifact.",
        "",
      ].join("\n"),
    );
  });

  test.each([
    ["signature", "kind: signature of a digest; not matched to a file"],
    ["attestation", "kind: attestation; matched to its statement"],
    ["certificate", "kind: certificate"],
  ] as const)("says of a %s whether anybody has matched it to what it signs", (what, line) => {
    const details = { selector: "me", entry: { ...ENTRY, what }, why: "", differences: [] };
    const { text } = describeEvent(makeEvent("match.unexpected", { at: AT, log: "log.example", details }));
    expect(text.split("\n")).toContain(line);
  });

  test("names no log where none is known", () => {
    const { subject } = describeEvent(
      makeEvent("log.unreachable", { at: AT, log: null, details: { since: AT, reason: "" } }),
    );
    expect(subject).toBe("The list of the logs cannot be read");
  });

  test("keeps a stranger's name on its line", () => {
    fc.assert(
      fc.property(toNamedEvent(fc.string({ unit: "binary", maxLength: 300 })), (event) => {
        const { subject, text } = describeEvent(event);
        expect(subject).not.toMatch(/[\p{Cc}\u202e\u2028]/u);
        expect(subject.length).toBeLessThanOrEqual(200);
        expect(text.split("\n").length).toBe(describeEvent(anyNamed("a")).text.split("\n").length);
        expect(text.isWellFormed()).toBe(true);
      }),
    );
  });
});

const anyNamed = (identity: string): ReturnType<typeof makeEvent<"match.expected">> =>
  makeEvent("match.expected", {
    at: AT,
    log: "log.example",
    details: { selector: "me", entry: { ...ENTRY, identity }, why: "", differences: [] },
  });

describe("JSON", () => {
  test("has the members that Standard Webhooks recommends", () => {
    expect(JSON.parse(toEventJson(anyNamed("a")))).toEqual({
      type: "match.expected",
      timestamp: "2027-01-15T08:00:00Z",
      key: "match.expected/me/log.example/12",
      class: "security",
      log: "log.example",
      data: { selector: "me", entry: { ...ENTRY, identity: "a" }, why: "", differences: [] },
    });
  });

  test("for a chat holds no link, mention or end of the block", () => {
    const { text } = JSON.parse(toChatJson(anyNamed("<!channel> ``` <https://evil.example|x> &amp;"))) as {
      text: string;
    };
    expect(text.slice(3, -3)).not.toMatch(/`|<|>/);
    expect(text).toContain("&lt;!channel&gt;");
    expect(text).toContain("&amp;amp;");
  });
});
