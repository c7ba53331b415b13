// SPDX-License-Identifier: Apache-2.0

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  certificateVerifier,
  certificateWith,
  emailName,
  makeDsseRecord,
  makeHashedRecord,
  SPKI,
  uriName,
} from "../../test/support/monitor/records.ts";
import { selectorsOf } from "../../test/support/monitor/selectors.ts";
import { valueOf } from "../../test/support/value-of.ts";
import type { FulcioExtensions } from "../fulcio/extensions.ts";
import { toWatchedEntry, type WatchedEntry } from "./entry.ts";
import { compileSelectors, matchEntry } from "./selector.ts";
import type { SelectorConfig } from "./selectors/config.ts";
import { type AuthorityVerdict, type Fact, factsOf } from "./selectors/facts.ts";
import { compilePattern, type TextPattern } from "./selectors/pattern.ts";

const DIGEST = new Uint8Array(32).fill(0xab);
const PLACE = { log: "log.example", kind: "signature", index: 3, at: null, hints: null } as const;
const GITHUB = "https://token.actions.githubusercontent.com";
const WORKFLOW = "https://github.com/acme/widget/.github/workflows/release.yml@refs/tags/v1.2.3";
const RELEASE: FulcioExtensions = {
  issuerV2: GITHUB,
  sourceRepositoryUri: "https://github.com/Acme/Widget",
  sourceRepositoryIdentifier: "1234",
  sourceRepositoryOwnerUri: "https://github.com/Acme",
  sourceRepositoryOwnerIdentifier: "99",
  sourceRepositoryRef: "refs/tags/v1.2.3",
  buildConfigUri: "https://github.com/Acme/Widget/.github/workflows/release.yml@refs/tags/v1.2.3",
  buildSignerUri: WORKFLOW,
  buildTrigger: "push",
  runnerEnvironment: "github-hosted",
  sourceRepositoryVisibilityAtSigning: "public",
};

const entryOf = (der: Uint8Array): WatchedEntry =>
  valueOf(toWatchedEntry(makeHashedRecord(DIGEST, certificateVerifier(der)), PLACE));
const byAddress = (address: string, issuer = "https://accounts.google.com"): WatchedEntry =>
  entryOf(certificateWith({ names: [emailName(address)], extensions: { issuerV2: issuer } }));
const byWorkflow = (changes: FulcioExtensions = {}, uri = WORKFLOW): WatchedEntry =>
  entryOf(certificateWith({ names: [uriName(uri)], extensions: { ...RELEASE, ...changes } }));

const isFound = (item: object, entry: WatchedEntry): boolean => matchEntry(selectorsOf(item), entry).length > 0;
const alice = byAddress("Alice@Example.org");
const release = byWorkflow();

const KEY_VERIFIER = {
  keyDetails: "PKIX_ECDSA_P256_SHA_256",
  publicKey: { rawBytes: Buffer.from(SPKI).toString("base64") },
};

describe("the authority of a certificate", () => {
  const bareKey = valueOf(toWatchedEntry(makeHashedRecord(DIGEST, KEY_VERIFIER), PLACE));

  test.each([
    ["own", "own", release, true],
    ["own", "other", release, false],
    ["other", "other", release, true],
    ["none", "own", bareKey, true],
    ["own", "own", bareKey, false],
    // An alert too many is better than one that is missing.
    ["own", "unknown", release, true],
    ["other", "unknown", release, true],
    ["none", "unknown", release, false],
  ] as const)("is %s, where the judge says %s", (authority, verdict, entry, isChosen) => {
    expect(matchEntry(selectorsOf({ authority }), entry, () => verdict)).toHaveLength(isChosen ? 1 : 0);
  });

  test("is expected only where it is known", () => {
    const selectors = selectorsOf({ owner: "acme", expected: [{ authority: "own" }] });
    const isExpected = (verdict: AuthorityVerdict): unknown => matchEntry(selectors, release, () => verdict)[0];
    expect(isExpected("own")).toMatchObject({ isExpected: true });
    expect(isExpected("other")).toMatchObject({ differences: ["the authority is other, not own"] });
    expect(isExpected("unknown")).toMatchObject({ differences: ["there is no authority, instead of own"] });
  });

  test("is judged last, and only where the other conditions hold", () => {
    let calls = 0;
    const judge = (): AuthorityVerdict => {
      calls++;
      return "other";
    };
    const selectors = selectorsOf({ authority: "other", owner: "acme", event: "push" });
    for (const entry of [alice, byWorkflow({ buildTrigger: "schedule" })]) matchEntry(selectors, entry, judge);
    expect(calls).toBe(0);
    expect(matchEntry(selectors, release, judge)).toHaveLength(1);
    expect(calls).toBe(1);
  });
});

describe("a selector finds an entry", () => {
  test.each([
    ["by its address, in any case", { identity: "alice@example.ORG" }, alice, true],
    ["by another address", { identity: "malice@example.org" }, alice, false],
    ["by the addresses of a domain", { identity: "*@example.org" }, alice, true],
    ["by an address in a URI", { identity: "*@example.org" }, byWorkflow({}, "https://evil/@example.org"), false],
    ["by an expression over its address", { identity: { regex: "(alice|bob)@example\\.org" } }, alice, true],
    ["by an expression over a part of it", { identity: { regex: "alice" } }, alice, false],
    ["by one of several", { identity: ["bob@example.org", "alice@example.org"] }, alice, true],
    ["by its URI", { identity: WORKFLOW }, release, true],
    ["by a beginning of its URI", { identity: "https://github.com/acme/**" }, release, true],
    ["by issuer", { issuer: "https://accounts.google.com/" }, alice, true],
    ["by address and another issuer", { identity: "alice@example.org", issuer: GITHUB }, alice, false],
    ["by repository, in any case", { repository: "acme/widget" }, release, true],
    ["by the URL of its repository", { repository: "https://github.com/acme/widget.git" }, release, true],
    ["by the number of its repository", { repository: 1234 }, release, true],
    ["by repositories of an owner", { repository: "acme/*" }, release, true],
    ["by another owner's repositories", { repository: "acm/*" }, release, false],
    ["by owner", { owner: "acme" }, release, true],
    ["by the number of its owner, which outlives a new name", { owner: "99" }, release, true],
    ["by an owner that it only begins with", { owner: "acm" }, release, false],
    [
      "by the older extension of its repository",
      { owner: "old" },
      byWorkflow({ sourceRepositoryUri: "", sourceRepositoryOwnerUri: "", githubWorkflowRepository: "Old/Repo" }),
      true,
    ],
    ["by key", { key: alice.publicKey }, alice, true],
    ["by certificate", { certificate: `sha256:${alice.certificate?.fingerprint.toUpperCase()}` }, alice, true],
    ["by the fingerprint of either", { fingerprint: alice.certificate?.fingerprint }, alice, true],
    ["by digest", { digest: `SHA256:${"AB".repeat(32)}` }, alice, true],
    ["by another digest", { digest: "ac".repeat(32) }, alice, false],
    ["by kind", { kind: "signature" }, alice, true],
    ["by another kind", { kind: "certificate" }, alice, false],
    ["by the name of an extension", { extensions: { "build-trigger": "push" } }, release, true],
    ["by the OID of an extension", { extensions: { "1.3.6.1.4.1.57264.1.20": "p*" } }, release, true],
    ["by another value of an extension", { extensions: { "build-trigger": "pull_request" } }, release, false],
    ["by workflow", { workflow: ".github/workflows/release.yml" }, release, true],
    [
      "by the path of another repository's workflow",
      { workflow: ".github/workflows/release.yml" },
      byWorkflow({ buildConfigUri: "https://github.com/evil/x/.github/workflows/release.yml@refs/tags/v1" }),
      false,
    ],
    ["by ref", { ref: "refs/tags/v*" }, release, true],
  ])("%s", (_, item, entry, expected) => {
    expect(isFound(item, entry)).toBe(expected);
  });

  test("by the predicate type that its hints name", () => {
    const hints = { payloadHash: "sha256:00", subjectDigests: [], predicateType: "https://slsa.dev/provenance/v1" };
    const record = makeHashedRecord(DIGEST, certificateVerifier(certificateWith({})));
    const attestation = valueOf(toWatchedEntry(record, { ...PLACE, hints }));
    expect(isFound({ "predicate-type": "https://slsa.dev/**" }, attestation)).toBe(true);
    expect(isFound({ "predicate-type": "https://slsa.dev/**" }, alice)).toBe(false);
  });

  test("by its second signer", () => {
    const certificates = ["bob@example.org", "alice@example.org"].map((name) =>
      certificateWith({ names: [emailName(name)] }),
    );
    const entry = valueOf(toWatchedEntry(makeDsseRecord(DIGEST, certificates.map(certificateVerifier)), PLACE));
    expect(isFound({ identity: "alice@example.org" }, entry)).toBe(true);
    const [match, ...more] = matchEntry(
      selectorsOf({ identity: "*@example.org", expected: [{ identity: "bob@example.org" }] }),
      entry,
    );
    // One signer is expected; the other one decides.
    expect(match).toMatchObject({
      isExpected: false,
      differences: ["the identity is alice@example.org, not bob@example.org"],
    });
    expect(more).toEqual([]);
  });

  test("and says why in words", () => {
    const selectors = selectorsOf({ identity: "*@example.org", issuer: "https://accounts.google.com" });
    expect(matchEntry(selectors, alice)).toEqual([
      {
        selector: "s0",
        isExpected: false,
        why: "the identity alice@example.org fits *@example.org, and the issuer is https://accounts.google.com",
        differences: [],
      },
    ]);
  });
});

describe("a baseline", () => {
  const baseline = {
    workflow: ".github/workflows/release.yml",
    ref: "refs/tags/v*",
    event: "push",
    runner: "github-hosted",
    visibility: "public",
    issuer: GITHUB,
  };
  const selectors = selectorsOf({
    repository: "acme/widget",
    expected: [{ ref: "refs/heads/main", event: "x" }, baseline],
  });

  test("tells the own release", () => {
    expect(matchEntry(selectors, release)).toMatchObject([{ isExpected: true, differences: [] }]);
  });

  test.each([
    [{ sourceRepositoryRef: "refs/heads/evil" }, ["the ref is refs/heads/evil, not refs/tags/v*"]],
    [{ sourceRepositoryRef: "refs/tags/v1/evil" }, ["the ref is refs/tags/v1/evil, not refs/tags/v*"]],
    [{ buildTrigger: "pull_request_target" }, ["the event is pull_request_target, not push"]],
    [{ runnerEnvironment: "self-hosted" }, ["the runner is self-hosted, not github-hosted"]],
    [{ runnerEnvironment: "" }, ["there is no runner, instead of github-hosted"]],
    [{ sourceRepositoryVisibilityAtSigning: "private" }, ["the visibility is private, not public"]],
    [{ issuerV2: "https://evil.example" }, [`the issuer is https://evil.example, not ${GITHUB}`]],
    [
      { buildConfigUri: "https://github.com/Acme/Widget/.github/workflows/ci.yml@refs/tags/v1.2.3" },
      ["the workflow is https://github.com/Acme/Widget/.github/workflows/ci.yml, not .github/workflows/release.yml"],
    ],
  ])("does not cover %j", (changes, differences) => {
    expect(matchEntry(selectors, byWorkflow(changes))).toEqual([
      expect.objectContaining({ isExpected: false, differences }),
    ]);
  });
});

describe("the tables", () => {
  /** One selector at a time, every condition and choice in turn. */
  const isMatchNaively = ({ conditions }: SelectorConfig, entry: WatchedEntry): boolean =>
    [entry, ...entry.cosigners].some(({ certificate, publicKey }) =>
      conditions.every(({ choices }) =>
        choices.some(({ facts, pattern }) =>
          facts.some((fact) =>
            factsOf(fact, { entry, certificate, publicKey, judge: () => "unknown" }).some((text) =>
              valueOf(compilePattern(pattern)).isMatch(text),
            ),
          ),
        ),
      ),
    );

  const text = fc.string({ unit: fc.constantFrom("a", "b", "/"), minLength: 1, maxLength: 3 });
  const pattern: fc.Arbitrary<TextPattern> = fc.oneof(
    text.map((one): TextPattern => ({ kind: "exact", text: one })),
    text.map((one): TextPattern => ({ kind: "glob", text: `${one}*` })),
    fc
      .tuple(text, fc.boolean())
      .map(([one, isAnchored]): TextPattern => ({ kind: "regex", text: `${one}.`, isAnchored })),
  );
  const fact = fc.constantFrom<Fact>("name", "issuer", "ref", "event", "oid:1.3.6.1.4.1.57264.1.9", "what");
  const condition = fc.record({
    name: fc.constant("x"),
    choices: fc.array(fc.record({ facts: fc.uniqueArray(fact, { minLength: 1, maxLength: 2 }), pattern }), {
      minLength: 1,
      maxLength: 3,
    }),
  });
  const configs = fc.array(fc.array(condition, { minLength: 1, maxLength: 3 }), { maxLength: 12 });
  const certificate = fc
    .record({
      names: fc.array(text, { maxLength: 2 }),
      issuerV2: text,
      sourceRepositoryRef: text,
      buildTrigger: text,
      buildSignerUri: text,
    })
    .map(({ names, ...extensions }) => certificateWith({ names: names.map(uriName), extensions }));

  test("find what a matcher finds that tries every selector", () => {
    fc.assert(
      fc.property(
        configs,
        fc.array(fc.array(certificate, { minLength: 1, maxLength: 2 }), { maxLength: 4 }),
        (all, entries) => {
          const selectors = all.map((conditions, i) => ({ id: String(i), conditions, expected: [] }));
          const compiled = valueOf(compileSelectors(selectors));
          for (const signers of entries) {
            const entry = valueOf(toWatchedEntry(makeDsseRecord(DIGEST, signers.map(certificateVerifier)), PLACE));
            const naive = selectors.filter((selector) => isMatchNaively(selector, entry)).map(({ id }) => id);
            const found = matchEntry(compiled, entry).map(({ selector }) => selector);
            expect(found.toSorted()).toEqual(naive.toSorted());
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});
