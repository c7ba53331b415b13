// SPDX-License-Identifier: Apache-2.0
// A certificate as selectors see it. Reads what any verifier in use would read: a value that only some
// verifiers accept must not escape the person whose name it is.

import { sha256 } from "#sha256";
import { encodeHex } from "../../bytes/hex.ts";
import { decodeUtf8 } from "../../bytes/utf8.ts";
import { withoutExtension } from "../../ct/chain.ts";
import { decodeDer } from "../../der/reader.ts";
import {
  FULCIO_EXTENSION_NAMES,
  type FulcioExtensionName,
  type FulcioExtensions,
  isRawExtension,
  oidOf,
} from "../../fulcio/extensions.ts";
import { err, ok, type Result } from "../../result.ts";
import type { UnixMs } from "../../time.ts";
import type { Certificate, Extension } from "../../x509/certificate.ts";
import { OID } from "../../x509/extensions.ts";
import { readSubjectAltNames, type SubjectAltName } from "../../x509/subject-alt-name.ts";

/** The contents of a certificate. */
export interface WatchedCertificate {
  readonly names: readonly SubjectAltName[];
  readonly extensions: FulcioExtensions;
  /** Dotted OID → value: every extension whose value is a DER string; for .1 to .6 of Fulcio's arc, raw text. */
  readonly oids: ReadonlyMap<string, string>;
  /** Hex SHA-256 of the DER; for a precertificate, of the submitted bytes. */
  readonly fingerprint: string;
  /** Hex SHA-256 of the TBSCertificate without SCT list and poison: joins a precertificate and its certificate. */
  readonly tbs: string;
  readonly notBefore: UnixMs;
  readonly notAfter: UnixMs;
  /** As it was logged; for a precertificate, as it was submitted. */
  readonly der: Uint8Array;
}

/** Why a certificate cannot be watched. */
export type CertificateProblem =
  | { readonly code: "watched_certificate_invalid"; readonly reason: string }
  | { readonly code: "watched_names_invalid"; readonly reason: string }
  /** An extension that states the identity holds no text. */
  | { readonly code: "watched_extension_invalid"; readonly oid: string };

/** Reads a certificate or precertificate. Fails if a part that states the identity cannot be read. */
export function toWatchedCertificate(certificate: Certificate): Result<WatchedCertificate, CertificateProblem> {
  const names = readSubjectAltNames(certificate);
  if (!names.ok) return err({ code: "watched_names_invalid", reason: names.error.reason });
  const oids = new Map<string, string>();
  for (const extension of certificate.extensions) {
    const text = readText(extension);
    if (text !== null) oids.set(extension.oid, text);
    else if (NAMES_BY_OID.has(extension.oid)) return err({ code: "watched_extension_invalid", oid: extension.oid });
  }
  const tbs = tbsToJoin(certificate);
  if (!tbs.ok) return tbs;
  const { notBefore, notAfter } = certificate;
  return ok({
    names: names.value,
    extensions: toExtensions(oids),
    oids,
    fingerprint: encodeHex(sha256(certificate.der)),
    tbs: encodeHex(sha256(tbs.value)),
    notBefore,
    notAfter,
    der: certificate.der,
  });
}

const NAMES_BY_OID = new Map(FULCIO_EXTENSION_NAMES.map((name) => [oidOf(name), name] as const));

function toExtensions(oids: ReadonlyMap<string, string>): FulcioExtensions {
  const extensions: Partial<Record<FulcioExtensionName, string>> = {};
  for (const [oid, value] of oids) {
    const name = NAMES_BY_OID.get(oid);
    if (name !== undefined) extensions[name] = value;
  }
  return extensions;
}

/** The tags of UTF8String, PrintableString and IA5String. */
const STRING_TAGS: ReadonlySet<number | undefined> = new Set([0x0c, 0x13, 0x16]);

/** DER first also for .1 to .6: issuers of other software write a DER string there as well. */
function readText({ oid, value }: Extension): string | null {
  const der = STRING_TAGS.has(value[0]) ? decodeDer(value, (reader) => reader.text()) : null;
  if (der?.ok === true) return der.value;
  const name = NAMES_BY_OID.get(oid);
  const raw = name !== undefined && isRawExtension(name) ? decodeUtf8(value) : null;
  return raw?.ok === true ? raw.value : null;
}

function tbsToJoin({ tbs, extensions }: Certificate): Result<Uint8Array, CertificateProblem> {
  let joined = tbs;
  for (const { oid } of extensions) {
    if (oid !== OID.sctList && oid !== OID.precertificatePoison) continue;
    const rest = withoutExtension(joined, oid);
    if (!rest.ok) return err({ code: "watched_certificate_invalid", reason: rest.error.reason });
    joined = rest.value;
  }
  return ok(joined);
}
