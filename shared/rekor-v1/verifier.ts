// SPDX-License-Identifier: Apache-2.0
// The key or certificate of a Rekor v1 entry: PEM text in base64, stored in the form that Go's encoding/pem prints.
// Spec: https://github.com/sigstore/rekor/blob/main/pkg/pki/x509/x509.go

import { encodeBase64 } from "../bytes/base64.ts";
import { decodePem, encodePem } from "../bytes/pem.ts";
import { decodeUtf8, encodeUtf8 } from "../bytes/utf8.ts";
import { type PublicKey, parsePublicKey } from "../crypto/public-key.ts";
import { err, ok, type Result } from "../result.ts";
import { type Certificate, parseCertificate } from "../x509/certificate.ts";
import type { EntryProblem } from "./problem.ts";

/** A parsed verifier. */
export interface Verifier {
  readonly key: PublicKey;
  /** Null if the key came bare. */
  readonly certificate: Certificate | null;
  /** SubjectPublicKeyInfo or Certificate, DER. */
  readonly der: Uint8Array;
  /** Base64 of the canonical PEM, as the entry has it. */
  readonly content: string;
}

const reject = (reason: string): Result<never, EntryProblem> => err({ code: "v1_entry_invalid", reason });

const SPACE_AROUND = /^[\t\n\v\f\r ]+|[\t\n\v\f\r ]+$/g;
const INDENTED = /^[ \t]+-----/m;

/** Parses a PEM block with a key or a certificate. Fails with v1_entry_invalid. */
export function parseVerifier(pem: Uint8Array): Result<Verifier, EntryProblem> {
  const decoded = decodeUtf8(pem);
  const text = decoded.ok ? decoded.value.replace(SPACE_AROUND, "") : "";
  // Go takes text before the block, but none after it, and no indented block.
  if (!text.endsWith("-----") || INDENTED.test(text)) return reject("invalid public key: failure decoding PEM");
  const blocks = decodePem(text, 2);
  if (!blocks.ok && blocks.error.code === "pem_invalid") return reject("invalid public key: failure decoding PEM");
  const [block, another] = blocks.ok ? blocks.value : [];
  if (block === undefined || another !== undefined)
    return reject("invalid public key: this log takes one key or certificate, without its chain");
  const { label, der } = block;
  switch (label) {
    case "PUBLIC KEY":
      return toVerifier({ der, label, certificate: null });
    case "CERTIFICATE": {
      const certificate = parseCertificate(der);
      if (!certificate.ok) return reject("x509: malformed certificate");
      return toVerifier({ der, label, certificate: certificate.value });
    }
    default:
      return reject(`invalid public key: cannot handle type ${label}`);
  }
}

interface Block extends Pick<Verifier, "der" | "certificate"> {
  readonly label: string;
}

function toVerifier({ der, label, certificate }: Block): Result<Verifier, EntryProblem> {
  const key = parsePublicKey(certificate?.spki ?? der);
  if (!key.ok) return reject(`invalid public key: ${KEY_PROBLEMS[key.error.code]}`);
  return ok({ key: key.value, certificate, der, content: encodeBase64(encodeUtf8(encodePem(label, der))) });
}

const KEY_PROBLEMS = {
  public_key_invalid: "it must be a SubjectPublicKeyInfo in DER",
  public_key_weak: "RSA keys must have 2048, 3072 or 4096 bits and exponent 65537, ECDSA keys P-256 or a larger curve",
  public_key_unsupported: "use ECDSA P-256, P-384 or P-521, Ed25519, or RSA",
} as const;
