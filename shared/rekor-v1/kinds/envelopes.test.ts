// SPDX-License-Identifier: Apache-2.0
// Envelopes with any payload, in each kind that takes them: signed by node:crypto, verified, and read from the body.

import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { signingKey } from "../../../test/support/authority/signing-keys.ts";
import { makeCosigned, makeIntoto1, makeIntoto2, type V1Signer } from "../../../test/support/logs/rekor-v1.ts";
import { encodeHex } from "../../bytes/hex.ts";
import { parseProposedEntry } from "../entry.ts";
import { readStoredEntry } from "../stored.ts";

function signerOf(kind: "ecdsa-p256" | "ecdsa-p384"): V1Signer {
  const { privateObject, publicObject } = signingKey(kind);
  return { privateKey: privateObject, pem: String(publicObject.export({ format: "pem", type: "spki" })) };
}

const [one, another] = [signerOf("ecdsa-p256"), signerOf("ecdsa-p384")];

describe("an envelope with any payload", () => {
  it.each([
    ["dsse 0.0.1", 2, (payload: string) => makeCosigned([one, another], "", payload)],
    ["intoto 0.0.1", 1, (payload: string) => makeIntoto1(one, "", payload)],
    ["intoto 0.0.2", 1, (payload: string) => makeIntoto2(another, "", payload)],
  ] as const)("is verified, and its body says its payload and its signers: %s", async (_, signers, make) => {
    await fc.assert(
      fc.asyncProperty(fc.string({ minLength: 1, unit: "grapheme" }), async (payload) => {
        const entry = parseProposedEntry(make(payload));
        if (!entry.ok) throw new Error(entry.error.reason);
        expect(await entry.value.verify()).toMatchObject({ ok: true });
        const stored = readStoredEntry(entry.value.body);
        expect(stored?.digests[0]).toBe(`sha256:${createHash("sha256").update(payload).digest("hex")}`);
        const keys = entry.value.verifiers.map(({ key }) => encodeHex(key.spki)).toSorted();
        expect(stored?.signatures.map(({ verifier }) => encodeHex(verifier.key.spki)).toSorted()).toEqual(keys);
        expect(keys).toHaveLength(signers);
      }),
    );
  });
});
