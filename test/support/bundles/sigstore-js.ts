// SPDX-License-Identifier: Apache-2.0
// Verifies a case with @sigstore/verify, unmodified: the second judge.

import { createPublicKey } from "node:crypto";
import { bundleFromJSON } from "@sigstore/bundle";
import { TrustedRoot } from "@sigstore/protobuf-specs";
import { toSignedEntity, toTrustMaterial, Verifier } from "@sigstore/verify";
import { decodePem } from "../../../shared/bytes/pem.ts";
import type { BundleCase } from "./cases.ts";

/** Whether the package accepts the bundle, and otherwise its message. `artifact` is the signed file. */
export function judgeWithSigstoreJs(
  one: BundleCase,
  artifact: Buffer,
): { readonly isGood: boolean; readonly reason: string } {
  try {
    const root = TrustedRoot.fromJSON(JSON.parse(Buffer.from(one.root).toString()));
    const bundle = bundleFromJSON(JSON.parse(Buffer.from(one.bundle).toString()));
    const key = one.key === null ? null : decodePem(one.key);
    const der = key?.ok === true ? Buffer.from(key.value[0]?.der ?? []) : null;
    const trust = toTrustMaterial(root, () => {
      if (der === null) throw new Error("no key was given");
      return { publicKey: createPublicKey({ key: der, format: "der", type: "spki" }), validFor: () => true };
    });
    new Verifier(trust).verify(
      toSignedEntity(bundle, artifact),
      one.signer === null
        ? undefined
        : {
            subjectAlternativeName: `^${escapeRegExp(one.signer.identity)}$`,
            extensions: { issuer: one.signer.issuer },
          },
    );
    return { isGood: true, reason: "" };
  } catch (error) {
    return { isGood: false, reason: String(error) };
  }
}

const escapeRegExp = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
