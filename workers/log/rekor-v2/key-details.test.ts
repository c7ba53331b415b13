// SPDX-License-Identifier: Apache-2.0
// The keyDetails that a key may have. rekor-tiles 2.4 compares the whole label with the key (before, only its hash),
// takes no label of pure Ed25519, RSA-PSS or ML-DSA in a hashedrekord, and answers each of the others with status 400
// and code 3. Spec: https://github.com/sigstore/rekor-tiles, internal/algorithmregistry of v2.4.2.
import { constants, sign } from "node:crypto";
import { beforeEach, describe, expect, it } from "vitest";
import { KEY_DETAILS_NUMBERS, SIGNATURE_SCHEMES } from "../../../shared/crypto/key-details.ts";
import { KEY_KINDS, signingKey } from "../../../test/support/authority/signing-keys.ts";
import { bareVerifier, base64, type HashedRequest, makeHashedRequest } from "../../../test/support/logs/entries.ts";
import { type LogService, makeLogService, recordErrors, sendTo } from "../../../test/support/logs/log-service.ts";
import ANSWERS from "../../../test/vectors/rekor-tiles/answers-2.4.2.json" with { type: "json" };

const MESSAGE = new TextEncoder().encode("an artifact");
const LABELS = Object.keys(KEY_DETAILS_NUMBERS);
/** The labels that the reference's `serve` allows, in the order of its help text. */
const REFERENCE_ALLOWS = [
  "PKIX_RSA_PKCS1V15_2048_SHA256",
  "PKIX_RSA_PKCS1V15_3072_SHA256",
  "PKIX_RSA_PKCS1V15_4096_SHA256",
  "PKIX_ECDSA_P256_SHA_256",
  "PKIX_ECDSA_P384_SHA_384",
  "PKIX_ECDSA_P521_SHA_512",
  "PKIX_ED25519_PH",
];

recordErrors();
let service: LogService;
let submitted: number;
beforeEach(() => {
  service = makeLogService();
  submitted = 0;
  // A valid request reaches the log, which answers it.
  const appendSignature = (): Promise<unknown> => {
    submitted++;
    return Promise.resolve({ ok: false, error: { code: "log_busy", retryAfterSeconds: 1 } });
  };
  Object.assign(service.logs.signature, { appendSignature });
});

async function post(
  request: HashedRequest,
): Promise<{ readonly status: number; readonly code: number; readonly text: string }> {
  const init = { method: "POST", body: JSON.stringify(request) };
  const response = await sendTo("/api/v2/log/entries", { ...service.env, ACCEPT: "open" }, init);
  const { code, message } = (await response.json()) as { readonly code: number; readonly message: string };
  return { status: response.status, code, text: message };
}

it("the log allows the labels that the reference allows", () => {
  expect(Object.keys(SIGNATURE_SCHEMES).toSorted()).toEqual(REFERENCE_ALLOWS.toSorted());
});

describe.each(KEY_KINDS)("a key of kind %s", (kind) => {
  const key = signingKey(kind);

  it.each(LABELS)("with the label %s", async (label) => {
    const { status, code, text } = await post(
      makeHashedRequest(key, MESSAGE, { ...bareVerifier(key), keyDetails: label }),
    );
    const isOwn = label === key.keyDetails;
    expect([status, code, submitted]).toEqual(isOwn ? [503, 14, 1] : [400, 3, 0]);
    if (!isOwn) expect(text).toMatch(/^invalid hashedrekord request: /);
  });
});

it.each(LABELS.filter((label) => label.includes("RSA")))("a PSS signature is rejected under %s", async (label) => {
  const key = signingKey("rsa-2048");
  const { digest } = makeHashedRequest(key, MESSAGE).hashedRekordRequestV002;
  const pss = { key: key.privateObject, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 };
  const content = base64(sign("sha256", MESSAGE, pss));
  const verifier = { ...bareVerifier(key), keyDetails: label };
  expect(await post({ hashedRekordRequestV002: { digest, signature: { content, verifier } } })).toMatchObject({
    status: 400,
    code: 3,
  });
  expect(submitted).toBe(0);
});

/** Bodies that are no request, by their names in the reference's answers. */
const BODIES: Readonly<Record<string, string>> = {
  "empty object": "{}",
  "empty body": "",
  "unknown field": '{"foo":1}',
  truncated: '{"hashedRekordRequestV002":',
  "bad base64": '{"hashedRekordRequestV002":{"digest":"!"}}',
  "bad enum": '{"hashedRekordRequestV002":{"signature":{"verifier":{"keyDetails":"NOPE"}}}}',
  "no signature": '{"hashedRekordRequestV002":{}}',
  "too large": " ".repeat(4 * 1024 * 1024 + 1),
};

describe("the reference's own answers", () => {
  const rows = ANSWERS.map(([what, name, status, code]) => [String(what), String(name), status, code] as const);

  it.each(rows.filter(([what]) => !["body", "method", "rsa-2048 PSS"].includes(what)))(
    "a key %s as %s: %s",
    async (kind, keyDetails, status) => {
      const known = KEY_KINDS.find((one) => one === kind);
      if (known === undefined) throw new Error(`no key of kind ${kind}`);
      const key = signingKey(known);
      const answer = await post(makeHashedRequest(key, MESSAGE, { ...bareVerifier(key), keyDetails }));
      expect(answer.status).toBe(status === 201 ? 503 : status);
    },
  );

  it.each(rows.filter(([what, name]) => what === "body" && name in BODIES))(
    "a %s, %s: %s %s",
    async (_, name, status, code) => {
      const init = { method: "POST", body: BODIES[name] ?? "" };
      const response = await sendTo("/api/v2/log/entries", { ...service.env, ACCEPT: "open" }, init);
      expect(response.status).toBe(status);
      expect(await response.json()).toMatchObject({ code });
    },
  );
});
