// SPDX-License-Identifier: Apache-2.0

import { describe, expect, test } from "vitest";
import {
  certificateVerifier,
  certificateWith,
  emailName,
  makeHashedRecord,
} from "../../test/support/monitor/records.ts";
import { selectorsOf } from "../../test/support/monitor/selectors.ts";
import { valueOf } from "../../test/support/value-of.ts";
import { toWatchedEntry, type WatchedEntry } from "./entry.ts";
import { lintConfig, lintPreview, Preview, type SelectorPreview } from "./lint.ts";
import { matchEntry } from "./selector.ts";
import { findLookAlike } from "./selectors/look-alike.ts";

const GITHUB = "https://token.actions.githubusercontent.com";
const LOGIN = "https://github.com/login/oauth";
const WORKFLOW = "https://github.com/acme/widget/.github/workflows/release.yml";

const lint = (item: object): string =>
  lintConfig(selectorsOf(item).configs)
    .map(({ level, message }) => `${level} ${message}`)
    .join("\n");

describe("a selector that can match nothing is an error", () => {
  test.each([
    [{ identity: "alice@example.org", issuer: GITHUB }, `error ${GITHUB} states URIs of workflows, never an e-mail`],
    [{ identity: { regex: ".*@example\\.org" }, issuer: GITHUB }, "never an e-mail address: nothing can match"],
    [{ identity: "*@example.org", issuer: "https://gitlab.com" }, "never an e-mail address"],
    [{ identity: `${WORKFLOW}@refs/heads/main`, issuer: LOGIN }, "states e-mail addresses, never a URI"],
    [{ identity: "https://github.com/acme/**", issuer: "https://accounts.google.com/" }, "never a URI"],
    [
      { identity: "a@b.example", issuer: "https://oauth2.sigstore.dev/auth" },
      "no certificate names https://oauth2.sig",
    ],
    [{ identity: WORKFLOW }, `the name of a workflow ends with @ and its ref: write ${WORKFLOW}@refs/heads/main`],
    [{ kind: "certificate", digest: "00".repeat(32) }, "an entry of a certificate log has no digest"],
    [{ kind: "signature", "predicate-type": "https://slsa.dev/**" }, "only an attestation has a predicate type"],
    [
      { identity: "alice@example.org", expected: [{ issuer: GITHUB }] },
      "error expected[0]: https://token.actions.githubusercontent.com states URIs",
    ],
  ])("%j", (item, message) => {
    expect(lint(item)).toContain(message);
  });

  test.each([
    { identity: "alice@example.org", issuer: [GITHUB, LOGIN] },
    { identity: ["alice@example.org", `${WORKFLOW}@refs/heads/main`], issuer: GITHUB },
    { identity: "alice@example.org", issuer: "https://idp.example.org" },
    { identity: { regex: "alice|bob" }, issuer: GITHUB },
    { identity: `${WORKFLOW}@refs/heads/main`, issuer: GITHUB },
    { identity: `${WORKFLOW}@**`, issuer: GITHUB },
    { repository: "acme/widget", kind: "attestation", "predicate-type": "https://slsa.dev/**" },
    {
      repository: "acme/widget",
      issuer: GITHUB,
      expected: [{ workflow: ".github/workflows/release.yml", ref: "refs/tags/v*" }],
    },
  ])("%j may match", (item) => {
    expect(lint(item)).toBe("");
  });
});

describe("a pattern that a stranger can fit", () => {
  test.each([
    ["regex", "alice@example.org", "the dot in example.org stands for any character, and also matches examplexorg"],
    ["regex", "https://github.com/acme/.*", "the dot in github.com stands for any character"],
    ["regex", "https://github\\.com.*", "leaves open where the host ends, and also matches github.com.evil.example"],
    ["regex", "https://github\\.com/acme.*", "leaves open where acme ends, and also matches acme-evil"],
    ["regex", "^https://github\\.com/acme/widget.*$", "leaves open where widget ends"],
    ["glob", "https://github.com**", "leaves open where the host ends"],
    ["glob", "https://github.com/acme*", "leaves open where acme ends"],
    ["glob", "https://github.com/acme/widget**", "leaves open where widget ends"],
  ] as const)("%s %s: %s", (kind, text, message) => {
    const pattern = kind === "glob" ? { kind, text } : { kind, text, isAnchored: true };
    expect(findLookAlike(pattern)).toContain(message);
  });

  test.each([
    ["regex", "alice@example\\.org"],
    ["regex", "https://github\\.com/acme/.*"],
    ["regex", "https://github\\.com/acme/widget/\\.github/workflows/[a-z]+\\.yml@refs/tags/v.*"],
    ["regex", "https://github\\.com/(acme|other)/widget@v1"],
    ["regex", "v1.*"],
    ["regex", "[a.org]+"],
    ["glob", "https://github.com/acme/**"],
    ["glob", "https://github.com/*/widget/**"],
    ["glob", "*@example.org"],
    ["glob", "refs/tags/v*"],
    ["glob", ".github/workflows/*.yml"],
  ] as const)("is not %s %s", (kind, text) => {
    expect(findLookAlike(kind === "glob" ? { kind, text } : { kind, text, isAnchored: true })).toBeNull();
  });
});

describe("a warning", () => {
  test("is given for an expression of rekor-monitor that is not anchored", () => {
    const pattern = { kind: "regex", text: "user@domain\\.com", isAnchored: false } as const;
    const config = (text: string): Parameters<typeof lintConfig>[0] => [
      {
        id: "a",
        conditions: [{ name: "identity", choices: [{ facts: ["name"], pattern: { ...pattern, text } }] }],
        expected: [],
      },
    ];
    expect(lintConfig(config(pattern.text))).toEqual([
      {
        level: "warning",
        selector: "a",
        message:
          "identity: user@domain\\.com is not anchored: it also matches in the middle of longer names. Write ^user@domain\\.com$",
      },
    ]);
    const halves = ["^user@domain\\.com", "user@domain\\.com$"].flatMap((text) => lintConfig(config(text)));
    expect(halves.map(({ message }) => message.slice(message.indexOf("it also")))).toEqual([
      "it also matches at the beginning of longer names. Write ^user@domain\\.com$",
      "it also matches at the end of longer names. Write ^user@domain\\.com$",
    ]);
    expect(lintConfig(config("^user@domain\\.com$"))).toEqual([]);
    expect(lintConfig(config("user@domain.com")).map(({ level }) => level)).toEqual(["warning", "warning"]);
  });

  test.each([
    [{ issuer: GITHUB }, "warning selects a large part of every log"],
    [{ kind: "signature", identity: "**" }, "selects a large part of every log"],
    [{ identity: { regex: ".*" } }, "selects a large part of every log"],
    [{ repository: "acme/widget", expected: [{ ref: "refs/tags/*" }] }, "expects every workflow of the repository"],
    [
      { repository: "acme/widget", expected: [{ workflow: ".github/workflows/release.yml" }] },
      "warning expected[0]: names no issuer: another issuer may state the same names",
    ],
  ])("%j", (item, message) => {
    expect(lint(item)).toContain(message);
  });
});

describe("a preview", () => {
  const entry = (address: string, index: number): WatchedEntry =>
    valueOf(
      toWatchedEntry(
        makeHashedRecord(new Uint8Array(32), certificateVerifier(certificateWith({ names: [emailName(address)] }))),
        { log: "log.example", kind: "signature", index, at: null, hints: null },
      ),
    );
  const selectors = selectorsOf(
    { identity: "*@example.org", expected: [{ identity: "bot@example.org" }] },
    { identity: "nobody@example.com" },
  );
  const entries = Array.from({ length: 700 }, (_, i) =>
    entry(i % 7 === 0 ? "alice@example.org" : "bot@example.org", i),
  );

  const previewOf = (some: readonly WatchedEntry[]): readonly SelectorPreview[] => {
    const preview = new Preview(selectors);
    for (const one of some) preview.add(one, matchEntry(selectors, one));
    return preview.previews;
  };

  test("counts, and shows unexpected entries first", () => {
    const [team, nobody] = previewOf(entries);
    expect(team).toMatchObject({ selector: "s0", unexpected: 100, expected: 600 });
    expect(team?.examples.map((example) => example.entry.index)).toEqual([0, 7, 14, 21, 28]);
    expect(nobody).toEqual({ selector: "s1", unexpected: 0, expected: 0, examples: [] });
    const late = previewOf(entries.slice(1, 8));
    expect(late[0]?.examples.map((example) => example.entry.index)).toEqual([7]);
  });

  test("warns of what nobody reads, and of what was never seen", () => {
    const previews = previewOf(entries);
    expect(lintPreview(previews, 30).map(({ selector, message }) => `${selector} ${message}`)).toEqual([
      "s1 matched nothing in 30 days: compare it with an entry that it is meant to match",
    ]);
    expect(lintPreview(previews, 1)[0]?.message).toContain("would have alerted 100 times a day");
  });
});
