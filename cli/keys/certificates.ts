// SPDX-License-Identifier: Apache-2.0
// Issues the certificates of a deployment's own authorities: CA root, issuing CA, TSA root, TSA.
// Spec: RFC 5280 §4; RFC 3161 §2.3 (the critical, single extended key usage of a TSA).

import { createPublicKey, type KeyObject, randomBytes, sign } from "node:crypto";
import { encodePem } from "../../shared/bytes/pem.ts";
import { oid, sequence } from "../../shared/der/writer.ts";
import { type UnixMs, unixMs } from "../../shared/time.ts";
import { type Certificate, encodeCertificate, encodeTbs } from "../../shared/x509/certificate.ts";
import {
  authorityKeyIdentifier,
  basicConstraintsCa,
  extendedKeyUsage,
  KEY_USAGE,
  keyIdentifier,
  keyUsage,
  OID,
  subjectKeyIdentifier,
} from "../../shared/x509/extensions.ts";
import { encodeName } from "../../shared/x509/name.ts";

const HOUR_MS = 3_600_000;
const YEAR_MS = 365 * 24 * HOUR_MS;
const ROOT_LIFETIME_MS = 10 * YEAR_MS;
/** The lifetime of an issuing CA and of a timestamp authority. */
export const ISSUED_LIFETIME_MS = 3 * YEAR_MS;
/** 126 random bits, where CAs must use 64. The top bits are fixed to 01, so every serial has the same length. */
const SERIAL_BYTES = 16;

/** ecdsa-with-SHA256 and ecdsa-with-SHA384, by the curve of the signing key (RFC 5758 §3.2). */
const SIGNATURE_ALGORITHMS: ReadonlyMap<string, { readonly oid: string; readonly hash: string }> = new Map([
  ["prime256v1", { oid: "1.2.840.10045.4.3.2", hash: "sha256" }],
  ["secp384r1", { oid: "1.2.840.10045.4.3.3", hash: "sha384" }],
]);

/** The private keys of an authority. */
export interface AuthorityKeys {
  readonly root: KeyObject;
  /** The online key: of the issuing CA or of the TSA. */
  readonly online: KeyObject;
}

/** The host name for the subjects of certificates, and the time of issuance. */
export interface Occasion {
  readonly hostname: string;
  readonly now: UnixMs;
}

interface Party {
  readonly key: KeyObject;
  /** Name, DER. */
  readonly name: Uint8Array;
}

interface Issuance {
  readonly subject: Party;
  readonly issuer: Party;
  readonly now: UnixMs;
  readonly lifetimeMs: number;
  readonly extensions: readonly Uint8Array[];
}

/**
 * Certifies an issuing CA: PEM of its certificate, then of the root.
 * @param under the root's certificate, if it has one
 */
export function certifyAuthority(keys: AuthorityKeys, { hostname, now }: Occasion, under?: Certificate): string {
  const root = rootParty(keys.root, under, party(keys.root, hostname, "Sigedge root"));
  const issuing = party(keys.online, hostname, "Sigedge issuing CA");
  const extensions = [
    keyUsage(KEY_USAGE.keyCertSign, KEY_USAGE.cRLSign),
    extendedKeyUsage(OID.codeSigning, false),
    basicConstraintsCa(0),
  ];
  return (
    certify({ subject: issuing, issuer: root, now, lifetimeMs: ISSUED_LIFETIME_MS, extensions }) +
    (under === undefined ? certifyRoot(root, now) : encodePem("CERTIFICATE", under.der))
  );
}

/**
 * Certifies a timestamp authority: PEM of its certificate, then of the root.
 * @param under the root's certificate, if any
 */
export function certifyTimestampAuthority(
  keys: AuthorityKeys,
  { hostname, now }: Occasion,
  under?: Certificate,
): string {
  const root = rootParty(keys.root, under, party(keys.root, hostname, "Sigedge timestamp root"));
  const authority = party(keys.online, hostname, "Sigedge timestamp authority");
  const extensions = [keyUsage(KEY_USAGE.digitalSignature), extendedKeyUsage(OID.timeStamping, true)];
  return (
    certify({ subject: authority, issuer: root, now, lifetimeMs: ISSUED_LIFETIME_MS, extensions }) +
    (under === undefined ? certifyRoot(root, now) : encodePem("CERTIFICATE", under.der))
  );
}

/** An existing root keeps the name of its certificate: the deployment may have got its host name later. */
const rootParty = (key: KeyObject, under: Certificate | undefined, fresh: Party): Party =>
  under === undefined ? fresh : { key, name: under.subject };

function certifyRoot(root: Party, now: UnixMs): string {
  const extensions = [keyUsage(KEY_USAGE.keyCertSign, KEY_USAGE.cRLSign), basicConstraintsCa(null)];
  return certify({ subject: root, issuer: root, now, lifetimeMs: ROOT_LIFETIME_MS, extensions });
}

/** The subject includes part of the key identifier, so two roots of one host name have different names. */
function party(key: KeyObject, hostname: string, role: string): Party {
  const suffix = Buffer.from(identifierOf(key)).subarray(0, 4).toString("hex");
  return { key, name: encodeName({ organization: hostname, commonName: `${role} ${suffix}` }) };
}

function certify({ subject, issuer, now, lifetimeMs, extensions }: Issuance): string {
  const algorithm = SIGNATURE_ALGORITHMS.get(issuer.key.asymmetricKeyDetails?.namedCurve ?? "");
  if (algorithm === undefined) throw new TypeError("only P-256 and P-384 keys sign certificates");
  // An hour of grace for clients whose clocks are behind.
  const notBefore = unixMs(now - HOUR_MS);
  const signatureAlgorithm = sequence(oid(algorithm.oid));
  const tbs = encodeTbs({
    serial: serialNumber(),
    signatureAlgorithm,
    issuer: issuer.name,
    notBefore,
    notAfter: unixMs(notBefore + lifetimeMs),
    subject: subject.name,
    spki: spkiOf(subject.key),
    extensions: [
      ...extensions,
      subjectKeyIdentifier(identifierOf(subject.key)),
      authorityKeyIdentifier(identifierOf(issuer.key)),
    ],
  });
  return encodePem("CERTIFICATE", encodeCertificate(tbs, signatureAlgorithm, sign(algorithm.hash, tbs, issuer.key)));
}

function serialNumber(): Uint8Array {
  const serial = randomBytes(SERIAL_BYTES);
  serial[0] = 0x40 | ((serial[0] ?? 0) & 0x3f);
  return serial;
}

/** SubjectPublicKeyInfo of a private key, DER. */
export const spkiOf = (key: KeyObject): Uint8Array => createPublicKey(key).export({ type: "spki", format: "der" });

function identifierOf(key: KeyObject): Uint8Array {
  const identifier = keyIdentifier(spkiOf(key));
  if (!identifier.ok) throw new TypeError(identifier.error.reason);
  return identifier.value;
}
