// SPDX-License-Identifier: Apache-2.0
// The certificates of a deployment's own authorities: CA root, issuing CA, TSA root, TSA. Made once, from keys held here.
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
/** Of an issuing CA and of a timestamping certificate. */
export const ISSUED_LIFETIME_MS = 3 * YEAR_MS;
/** 128 random bits, far over the 64 that CAs owe; the top bit is cleared so that every serial has the same length. */
const SERIAL_BYTES = 16;

/** By the curve of the signing key: ecdsa-with-SHA256, ecdsa-with-SHA384 (RFC 5758 §3.2). */
const SIGNATURE_ALGORITHMS: Readonly<Record<string, { readonly oid: string; readonly hash: string }>> = {
  prime256v1: { oid: "1.2.840.10045.4.3.2", hash: "sha256" },
  secp384r1: { oid: "1.2.840.10045.4.3.3", hash: "sha384" },
};

export interface AuthorityKeys {
  readonly root: KeyObject;
  /** The key that works online: of the issuing CA, of the TSA. */
  readonly online: KeyObject;
}

/** Where the names of the certificates come from, and when they are made. */
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

/** PEM: the issuing CA, then the root. @param under the root's certificate, if it has one */
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

/** PEM: the timestamp authority, then its root. @param under the root's certificate, if it has one */
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

/** A root that has a certificate keeps the name that is in it: the host name may have become known since. */
const rootParty = (key: KeyObject, under: Certificate | undefined, fresh: Party): Party =>
  under === undefined ? fresh : { key, name: under.subject };

function certifyRoot(root: Party, now: UnixMs): string {
  const extensions = [keyUsage(KEY_USAGE.keyCertSign, KEY_USAGE.cRLSign), basicConstraintsCa(null)];
  return certify({ subject: root, issuer: root, now, lifetimeMs: ROOT_LIFETIME_MS, extensions });
}

/** The subject carries part of the key's identifier, so that two roots of one host name never share a name. */
function party(key: KeyObject, hostname: string, role: string): Party {
  const suffix = Buffer.from(identifierOf(key)).subarray(0, 4).toString("hex");
  return { key, name: encodeName({ organization: hostname, commonName: `${role} ${suffix}` }) };
}

function certify({ subject, issuer, now, lifetimeMs, extensions }: Issuance): string {
  const algorithm = SIGNATURE_ALGORITHMS[issuer.key.asymmetricKeyDetails?.namedCurve ?? ""];
  if (algorithm === undefined) throw new TypeError("certificates are signed with P-256 and P-384 keys only");
  // An hour of grace: a client whose clock is a little behind must not meet a certificate of the future.
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
