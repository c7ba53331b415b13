// SPDX-License-Identifier: Apache-2.0
// The key or certificate of a Rekor v1 entry: PEM text in base64, stored in the form that Go's encoding/pem prints.
// Spec: https://github.com/sigstore/rekor/blob/main/pkg/pki/x509/x509.go

import { encodeBase64 } from "../bytes/base64.ts";
import { decodePem, encodePem, type PemBlock } from "../bytes/pem.ts";
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
  /** Base64 of the canonical PEM with the whole chain, as the entry has it. */
  readonly content: string;
}

const reject = (reason: string): Result<never, EntryProblem> => err({ code: "v1_entry_invalid", reason });

const SPACE_AROUND = /^[\t\n\v\f\r ]+|[\t\n\v\f\r ]+$/g;
const INDENTED = /^[ \t]+-----/m;

/** Parses a PEM block with a key or a certificate. Fails with v1_entry_invalid. */
export function parseVerifier(pem: Uint8Array): Result<Verifier, EntryProblem> {
  const blocks = readBlocks(pem, 1, "invalid public key: this log takes one key or certificate, without its chain");
  return blocks.ok ? parseBlock(blocks.value[0]) : blocks;
}

/** The reference's limit. */
const MAX_CHAIN = 10;

/**
 * Parses a PEM block, or a chain of certificates whose first one signed. Nothing verifies the others. Fails with
 * v1_entry_invalid.
 */
export function parseVerifierChain(pem: Uint8Array): Result<Verifier, EntryProblem> {
  const blocks = readBlocks(pem, MAX_CHAIN, "too many certificates specified in PEM block");
  if (!blocks.ok) return blocks;
  const [first, ...others] = blocks.value;
  const isChain = others.length > 0;
  const areCertificates = blocks.value.every(({ label, der }) => label === "CERTIFICATE" && parseCertificate(der).ok);
  if (isChain && !areCertificates) return reject("x509: malformed certificate");
  const verifier = parseBlock(first);
  if (!verifier.ok || !isChain) return verifier;
  const text = blocks.value.map(({ label, der }) => encodePem(label, der)).join("");
  return ok({ ...verifier.value, content: encodeBase64(encodeUtf8(text)) });
}

/** Reads one block or more. @param tooMany the reason for which a text with more than `most` is rejected */
function readBlocks(
  pem: Uint8Array,
  most: number,
  tooMany: string,
): Result<readonly [PemBlock, ...PemBlock[]], EntryProblem> {
  const decoded = decodeUtf8(pem);
  const text = decoded.ok ? decoded.value.replace(SPACE_AROUND, "") : "";
  // Go takes text before the block, but none after it, and no indented block.
  const blocks = text.endsWith("-----") && !INDENTED.test(text) ? decodePem(text, most) : null;
  if (blocks?.ok === false && blocks.error.code === "pem_too_many_blocks") return reject(tooMany);
  const [first, ...others] = blocks?.ok === true ? blocks.value : [];
  return first === undefined ? reject("invalid public key: failure decoding PEM") : ok([first, ...others]);
}

function parseBlock({ label, der }: PemBlock): Result<Verifier, EntryProblem> {
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
