// SPDX-License-Identifier: Apache-2.0
// Reads test/vectors/python-cryptography/signing_chain.json: certificates made by other code, and the leaves' key.

import { createPrivateKey, sign } from "node:crypto";
import { readFileSync } from "node:fs";
import { type Certificate, parseCertificate } from "../../../shared/x509/certificate.ts";

interface File {
  readonly root: string;
  readonly ca: string;
  readonly stranger: string;
  readonly leafKey: string;
  readonly signers: Readonly<Record<string, string>>;
  readonly pairs: readonly {
    readonly what: string;
    readonly issued: boolean;
    readonly certificate: string;
    readonly issuer: string;
  }[];
}

const path = new URL("../../vectors/python-cryptography/signing_chain.json", import.meta.url).pathname;
const file = JSON.parse(readFileSync(path, "utf8")) as File;
const leafKey = createPrivateKey({ key: Buffer.from(file.leafKey, "base64"), format: "der", type: "pkcs8" });

export const fromBase64 = (text: string): Uint8Array<ArrayBuffer> => new Uint8Array(Buffer.from(text, "base64"));

/** Parses a certificate in base64. Throws if it does not parse. */
export function certificateOf(base64: string): Certificate {
  const certificate = parseCertificate(fromBase64(base64));
  if (!certificate.ok) throw new Error(certificate.error.reason);
  return certificate.value;
}

export const ROOT = certificateOf(file.root);
/** The CA that issued the leaves, unless a leaf's name says otherwise. */
export const CA = certificateOf(file.ca);
export const STRANGER = certificateOf(file.stranger);

/** Returns a leaf by its name in signing_chain.py. */
export function leafNamed(name: string): Certificate {
  const base64 = file.signers[name];
  if (base64 === undefined) throw new Error(`no leaf ${name}`);
  return certificateOf(base64);
}

/** Signs with the P-256 key of all the leaves; DER. */
export const signWithLeafKey = (message: Uint8Array): Uint8Array => new Uint8Array(sign("sha256", message, leafKey));

/** Pairs of certificates, and whether the second issued the first. */
export const PAIRS = file.pairs.map(({ what, issued, certificate, issuer }) => ({
  what,
  issued,
  certificate: certificateOf(certificate),
  issuer: certificateOf(issuer),
}));
