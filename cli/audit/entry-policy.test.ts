// SPDX-License-Identifier: Apache-2.0
// Entries of a signature log that an audit names, by the policy of a file and by the CAs of a trusted root. The
// certificates are those of test/support/authority/signing-chain.ts.

import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { encodePem } from "../../shared/bytes/pem.ts";
import { parsePublicKey } from "../../shared/crypto/public-key.ts";
import type { Credential } from "../../shared/rekor/verify.ts";
import { unixMs } from "../../shared/time.ts";
import { IN_FLIGHT_MS } from "../../shared/trust/retired-keys.ts";
import type { Certificate } from "../../shared/x509/certificate.ts";
import { CA, leafNamed, ROOT } from "../../test/support/authority/signing-chain.ts";
import { createSigningKey } from "../../test/support/authority/signing-keys.ts";
import { valueOf } from "../../test/support/value-of.ts";
import type { Authority } from "../served-log/trusted-root.ts";
import { type AuditPolicy, judgeSignature } from "./entry-policy.ts";
import { parsePolicy, policyOfRoot } from "./policy-file.ts";

const listed = createSigningKey("ecdsa-p256");
const stranger = createSigningKey("ecdsa-p256");
const logKey = createSigningKey("ecdsa-p256");
const CHAIN = [CA, ROOT].map(({ der }) => encodePem("CERTIFICATE", der)).join("\n");
const LISTED = encodePem("PUBLIC KEY", listed.spki);
const fingerprintOf = ({ spki }: Certificate): string => createHash("sha256").update(spki).digest("hex");

const bare = ({ publicKey: key }: { readonly publicKey: Credential["key"] }): Credential => ({
  key,
  certificate: null,
});
const certified = (certificate: Certificate): Credential => ({
  key: valueOf(parsePublicKey(certificate.spki)),
  certificate,
});
const LEAF = leafNamed("email");
const LOGGED = LEAF.notBefore + 5000;

const policyOf = (settings: object, authorities: readonly Authority[] = []): AuditPolicy =>
  valueOf(parsePolicy(Buffer.from(JSON.stringify(settings)), authorities, [logKey.spki]));
const ownCa = { ACCEPT: "own-ca", CA_CHAIN: CHAIN };
const rootUntil = (end: number | null): readonly Authority[] => [
  { chain: [CA, ROOT], start: null, end: end === null ? null : unixMs(end) },
];
const retire = (certificate: Certificate, at: number, isCompromised: boolean): object => ({
  ...ownCa,
  RETIRED_KEYS: JSON.stringify([
    {
      sha256: fingerprintOf(certificate),
      retired: new Date(at).toISOString().replace(/\.\d+Z/, "Z"),
      compromised: isCompromised,
    },
  ]),
});

describe("an entry of a signature log", () => {
  const GRACE_MS = 600_000;
  const rows: readonly [string, AuditPolicy, Credential, number | null, object | null][] = [
    ["of our CA", policyOf(ownCa), certified(LEAF), LOGGED, null],
    ["of our CA, at a time that is not known", policyOf(ownCa), certified(LEAF), null, null],
    ["of a CA of the trusted root", policyOf({ ACCEPT: "own-ca" }, rootUntil(null)), certified(LEAF), LOGGED, null],
    ["by a listed key", policyOf({ CA_CHAIN: CHAIN, LISTED_KEYS: LISTED }), bare(listed), LOGGED, null],
    ["by anyone in an open log", policyOf({ CA_CHAIN: CHAIN, ACCEPT: "open" }), bare(stranger), LOGGED, null],
    ["by the log's key", policyOf(ownCa), bare(logKey), LOGGED, { code: "entry_refused" }],
    [
      "by a stranger's key",
      policyOf(ownCa),
      bare(stranger),
      LOGGED,
      { code: "entry_refused", reason: "its key is not listed" },
    ],
    [
      "by a listed key where none is",
      policyOf({ ...ownCa, LISTED_KEYS: LISTED }),
      bare(listed),
      LOGGED,
      { code: "entry_refused" },
    ],
    [
      "of another CA",
      policyOf(ownCa),
      certified(leafNamed("byStranger")),
      LOGGED,
      { code: "entry_refused", reason: /not issued by/ },
    ],
    [
      "without an SCT",
      policyOf(ownCa),
      certified(leafNamed("noSct")),
      LOGGED,
      { code: "entry_refused", reason: /codeSigning or the SCT/ },
    ],
    ["at the end of the grace", policyOf(ownCa), certified(LEAF), LEAF.notAfter + GRACE_MS, null],
    [
      "after the grace",
      policyOf(ownCa),
      certified(LEAF),
      LEAF.notAfter + GRACE_MS + 1,
      { code: "entry_refused", reason: /had expired/ },
    ],
    [
      "after a shorter grace",
      policyOf({ ...ownCa, CERTIFICATE_GRACE: "0" }),
      certified(LEAF),
      LEAF.notAfter + 1,
      { code: "entry_refused" },
    ],
    [
      "before its certificate",
      policyOf(ownCa),
      certified(LEAF),
      LEAF.notBefore - 60_001,
      { code: "time_before_certificate", notBefore: LEAF.notBefore },
    ],
    ["as far before its certificate as clocks differ", policyOf(ownCa), certified(LEAF), LEAF.notBefore - 60_000, null],
  ];
  test.each(rows)("%s", async (...[, policy, credential, time, found]) => {
    const findings = await judgeSignature(policy, credential, { leafIndex: 1, time });
    if (found === null) expect(findings).toEqual([]);
    else {
      const reason = Reflect.get(found, "reason") as string | RegExp | undefined;
      const expected = reason === undefined ? found : { ...found, reason: expect.stringMatching(reason) as string };
      expect(findings).toMatchObject([{ leafIndex: 1, ...expected }]);
    }
  });

  test("at index 0 may be the one that the log was created with", async () => {
    const judge = (key: Credential, leafIndex: number): ReturnType<typeof judgeSignature> =>
      judgeSignature(policyOf(ownCa), key, { leafIndex, time: LOGGED });
    expect(await judge(bare(logKey), 0)).toEqual([]);
    expect(await judge(bare(stranger), 0)).toMatchObject([{ code: "entry_refused" }]);
  });
});

describe("an entry under a key that was retired", () => {
  const at = Math.floor(LOGGED / 1000) * 1000;
  const judge = (policy: AuditPolicy, time: number | null): ReturnType<typeof judgeSignature> =>
    judgeSignature(policy, certified(LEAF), { leafIndex: 1, time });
  const named = [{ code: "entry_after_retirement", leafIndex: 1, retiredAt: at }];

  test.each([
    ["the CA's", CA],
    ["its root's", ROOT],
  ])("%s: is named from the retirement on if the key is compromised", async (_, certificate) => {
    const policy = policyOf(retire(certificate, at, true));
    expect(await judge(policy, at - 1)).toEqual([]);
    expect(await judge(policy, at)).toMatchObject(named);
  });

  test("is named once what was under way has arrived if the key is not compromised", async () => {
    const policy = policyOf({ ...retire(CA, at, false), CERTIFICATE_GRACE: "600" });
    expect(await judge(policy, at + IN_FLIGHT_MS - 1)).toEqual([]);
    expect(await judge(policy, at + IN_FLIGHT_MS)).toMatchObject(named);
  });

  test("is named without a policy as well, by the validity in the trusted root", async () => {
    const policy = policyOfRoot(rootUntil(at), []) ?? expect.fail("no policy");
    expect(await judge(policy, at + IN_FLIGHT_MS - 1)).toEqual([]);
    expect(await judge(policy, at + IN_FLIGHT_MS)).toMatchObject(named);
    // Nothing else is judged: who may write is not known.
    expect(await judgeSignature(policy, bare(stranger), { leafIndex: 1, time: at })).toEqual([]);
    expect(policyOfRoot([], [])).toBe(null);
  });

  test("is named by the settings where the trusted root does not know that the key is compromised", async () => {
    const { RETIRED_KEYS } = retire(CA, at, true) as { readonly RETIRED_KEYS: string };
    const policy = policyOf({ ACCEPT: "own-ca", RETIRED_KEYS }, rootUntil(at));
    expect(await judge(policy, at)).toMatchObject(named);
  });
});

describe("the file of --policy", () => {
  test.each<[string, string, RegExp]>([
    ["that is no JSON", "ACCEPT=own-ca", /not a JSON object/],
    ["that is a list", "[]", /not a JSON object/],
    ["with a member that is not known", '{"ACCPT":"open"}', /ACCPT is not known; known are ACCEPT, /],
    ["with a number", '{"CERTIFICATE_GRACE":10}', /CERTIFICATE_GRACE must be a string/],
    ["with another policy", JSON.stringify({ ...ownCa, ACCEPT: "all" }), /ACCEPT must be one of/],
    ["without a CA", '{"ACCEPT":"own-ca"}', /CA_CHAIN is missing/],
    [
      "with half a chain",
      JSON.stringify({ CA_CHAIN: encodePem("CERTIFICATE", CA.der) }),
      /CA_CHAIN has a chain that does not end/,
    ],
    ["with a wrong grace", JSON.stringify({ ...ownCa, CERTIFICATE_GRACE: "soon" }), /CERTIFICATE_GRACE must be 0 to/],
    ["with wrong retirements", JSON.stringify({ ...ownCa, RETIRED_KEYS: "{}" }), /RETIRED_KEYS must be a JSON list/],
    ["with keys that are none", JSON.stringify({ CA_CHAIN: CHAIN, LISTED_KEYS: CHAIN }), /LISTED_KEYS: block 1 is not/],
  ])("%s: says what is wrong", (_, text, reason) => {
    expect(parsePolicy(Buffer.from(text), [], [])).toMatchObject({
      ok: false,
      error: expect.stringMatching(reason) as string,
    });
  });
});
