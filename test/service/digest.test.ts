// SPDX-License-Identifier: Apache-2.0
// Verification over digests in workerd, whose node:crypto is another implementation: compared with OpenSSL, noble,
// crafted signatures and Wycheproof.

import { createHash, sign } from "node:crypto";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bundleWorker } from "../../local/bundle.ts";
import { WORKER } from "../../local/stack.ts";
import { encodeEcdsaSignature } from "../../shared/crypto/ecdsa-signature.ts";
import type { HashAlgorithm } from "../../shared/crypto/hash.ts";
import { KEY_KINDS, signingKey, signMessage } from "../support/authority/signing-keys.ts";
import { type DigestCase, degenerateCases, ecdsaCases, hashOf, rsaCases } from "../support/digests/digest-cases.ts";
import type { DigestAnswer, DigestQuestion } from "../support/digests/digest-worker.ts";
import { makeWrongSignatures } from "../support/digests/wrong-signatures.ts";
import { readWycheproof } from "../support/digests/wycheproof.ts";

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64");
const message = new TextEncoder().encode("a message");

let workerd: Miniflare;

beforeAll(async () => {
  const { compatibilityDate, compatibilityFlags } = WORKER;
  workerd = new Miniflare(
    convertV4MiniflareOptions({
      compatibilityDate,
      compatibilityFlags: [...compatibilityFlags],
      modules: [
        { type: "ESModule", path: "worker.mjs", contents: await bundleWorker("test/support/digests/digest-worker.ts") },
      ],
      cf: false,
      telemetry: { enabled: false },
    }),
  );
  await workerd.ready;
});

afterAll(() => workerd.dispose());

interface Expected {
  readonly name: string;
  readonly question: DigestQuestion;
  readonly isValid: DigestAnswer;
}

async function expectVerdicts(expected: readonly Expected[]): Promise<void> {
  const body = JSON.stringify(expected.map(({ question }) => question));
  const response = await workerd.dispatchFetch("http://localhost", { method: "POST", body });
  const verdicts = (await response.json()) as readonly DigestAnswer[];
  const named = expected.map(({ name }, i) => [name, verdicts[i]]);
  expect(named).toEqual(expected.map(({ name, isValid }) => [name, isValid]));
}

const toQuestion = (
  hash: HashAlgorithm,
  spki: Uint8Array,
  { digest, signature }: Omit<DigestCase, "name" | "isValid">,
): DigestQuestion => ({
  hash,
  spki: base64(spki),
  digest: base64(digest),
  signature: base64(signature),
});

describe("verifyMessage in workerd", () => {
  it.each(KEY_KINDS)("accepts the signature of %s and gives every other byte string a verdict", async (kind) => {
    const key = signingKey(kind);
    const valid = new Uint8Array(
      sign(kind === "ed25519" ? null : key.hash.replace("-", ""), message, key.privateObject),
    );
    const question = {
      ...toQuestion(key.hash, key.spki, { digest: message, signature: valid }),
      message: base64(message),
    };
    await expectVerdicts([
      { name: "valid", question, isValid: true },
      ...makeWrongSignatures(valid, 1).map(({ name, signature }) => ({
        name,
        question: { ...question, signature: base64(signature) },
        isValid: false,
      })),
    ]);
  });
});

describe("verifyDigest in workerd", () => {
  it.each(KEY_KINDS)("gives every byte string a verdict for %s", async (kind) => {
    const key = signingKey(kind);
    await expectVerdicts(
      makeWrongSignatures(signMessage(key, message), 2).map(({ name, signature }) => ({
        name,
        question: toQuestion(key.hash, key.spki, { digest: hashOf(key, message), signature }),
        isValid: false,
      })),
    );
  });

  it("accepts the signature of every kind of key", async () => {
    await expectVerdicts(
      KEY_KINDS.map((kind) => {
        const key = signingKey(kind);
        const signature = signMessage(key, message);
        return {
          name: kind,
          question: toQuestion(key.hash, key.spki, { digest: hashOf(key, message), signature }),
          isValid: true,
        };
      }),
    );
  });

  it("accepts valid ECDSA signatures and rejects invalid ones", async () => {
    const made = [
      ...Array.from({ length: 8 }, (_, seed) => ecdsaCases("ecdsa-p256", seed)),
      ecdsaCases("ecdsa-p384", 0),
      ecdsaCases("ecdsa-p521", 0),
      ...Array.from({ length: 8 }, (_, seed) => degenerateCases("ecdsa-p256", seed * 7919)),
      degenerateCases("ecdsa-p384", 1),
      degenerateCases("ecdsa-p521", 1),
    ];
    await expectVerdicts(
      made.flatMap(({ spki, cases }) =>
        // A raw signature of another length cannot be expressed in DER.
        cases
          .filter(({ signature }) => signature.length === cases[0]?.signature.length)
          .map(({ name, digest, signature, isValid }) => ({
            name,
            question: toQuestion("SHA-256", spki, { digest, signature: encodeEcdsaSignature(signature) }),
            isValid,
          })),
      ),
    );
  });

  it.each(["rsa-2048", "rsa-3072", "rsa-4096"] as const)(
    "accepts valid signatures of %s and rejects invalid ones",
    async (kind) => {
      const { spki } = signingKey(kind);
      const cases = rsaCases(kind);
      await expectVerdicts(
        cases.map(({ name, isValid, ...rest }) => ({ name, question: toQuestion("SHA-256", spki, rest), isValid })),
      );
    },
  );

  it.each([
    ["ecdsa_secp256r1_sha256", "SHA-256"],
    ["ecdsa_secp384r1_sha384", "SHA-384"],
    ["ecdsa_secp521r1_sha512", "SHA-512"],
    ["rsa_signature_2048_sha256", "SHA-256"],
  ] as const)("agrees with Wycheproof on %s", async (file, hash) => {
    await expectVerdicts(
      readWycheproof(file).map(({ name, spki, message: signed, signature, isValid }) => {
        const digest = new Uint8Array(createHash(hash.replace("-", "")).update(signed).digest());
        // One group of the RSA file has the exponent 3, which is not supported.
        const isKey = !Buffer.from(spki).subarray(-3).equals(Buffer.from("020103", "hex"));
        return { name, question: toQuestion(hash, spki, { digest, signature }), isValid: isKey ? isValid : null };
      }),
    );
  });
});
