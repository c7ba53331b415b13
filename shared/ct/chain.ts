// SPDX-License-Identifier: Apache-2.0
// Checks a chain submitted to a certificate log, and makes the parts of the entry that the log signs.
// Spec: RFC 6962 §3.1, §3.2, §4.1, §4.2; https://c2sp.org/static-ct-api

import { sha256 } from "#sha256";
import { equal } from "../bytes/bytes.ts";
import { type DerError, type DerReader, decodeDer } from "../der/reader.ts";
import { context, sequence } from "../der/writer.ts";
import { err, ok, type Result } from "../result.ts";
import { type Certificate, parseCertificate } from "../x509/certificate.ts";
import { verifyIssuedBy } from "../x509/chain.ts";
import { OID, purposesOf } from "../x509/extensions.ts";

/** A checked certificate or precertificate. The sequencer adds index and time to make the leaf (static-ct-api). */
export interface CheckedCertificate {
  readonly entryType: "x509_entry" | "precert_entry";
  /** SHA-256 of the issuing CA's SPKI; null for an x509_entry. */
  readonly issuerKeyHash: Uint8Array | null;
  /** The certificate; for a precert_entry the TBSCertificate without the poison. */
  readonly signedEntry: Uint8Array;
  /** The precertificate as submitted; null for an x509_entry. */
  readonly precertificate: Uint8Array | null;
  /** Each certificate above it, issuer first, root last; DER. The entry names them by their SHA-256. */
  readonly issuers: readonly Uint8Array[];
  /**
   * The contents of a certificate's precert_entry (RFC 6962 §3.2); null if the certificate is itself a precert_entry.
   */
  readonly precertificateForm: { readonly issuerKeyHash: Uint8Array; readonly signedEntry: Uint8Array } | null;
}

type EntryType = CheckedCertificate["entryType"];

export type SubmittedChainError =
  | { readonly code: "submitted_chain_empty" }
  | { readonly code: "submitted_certificate_invalid"; readonly reason: string }
  /** No certificate that this log accepts issued the leaf. */
  | { readonly code: "submitted_chain_untrusted" }
  /** The certificate at `place` (leaf: 0) is not the issuer of the one before it, or follows the root. */
  | { readonly code: "submitted_chain_out_of_order"; readonly place: number }
  /** A precertificate at add-chain, a certificate at add-pre-chain. */
  | { readonly code: "submitted_entry_type_wrong"; readonly expected: EntryType }
  /** The poison extension is not critical, or its value is not NULL. */
  | { readonly code: "submitted_poison_invalid" }
  | { readonly code: "submitted_purpose_wrong" };

/** The part of a submission that follows from the chain. */
export interface CheckedChain extends CheckedCertificate {
  /** The certificate or precertificate at the bottom. */
  readonly leaf: Certificate;
}

/**
 * Checks a chain, leaf first, for an entry of type `expected`. The leaf may be followed by certificates of `accepted`
 * (issuing CA first, root last), in order and starting with the leaf's issuer; trailing ones may be missing. No others
 * are allowed, because the log publishes them by fingerprint and trusts them byte for byte. Validity times are not
 * checked: a log must accept every certificate that its CA issued, at any time. Fails with a SubmittedChainError.
 */
export async function checkChain(
  chain: readonly Uint8Array[],
  accepted: readonly Certificate[],
  expected: EntryType,
): Promise<Result<CheckedChain, SubmittedChainError>> {
  const [leafDer, ...above] = chain;
  if (leafDer === undefined) return err({ code: "submitted_chain_empty" });
  const leaf = parseCertificate(leafDer);
  if (!leaf.ok) return err({ code: "submitted_certificate_invalid", reason: leaf.error.reason });
  const problem = leafError(leaf.value, expected);
  if (problem !== null) return err(problem);
  const issuers = issuersOf(leaf.value, accepted);
  const foreign = above.findIndex((der, i) => !equal(der, issuers[i]?.der ?? NOTHING));
  const [issuer] = issuers;
  if (issuer === undefined || foreign === 0) return err({ code: "submitted_chain_untrusted" });
  if (foreign > 0) return err({ code: "submitted_chain_out_of_order", place: foreign + 1 });
  if (!(await verifyIssuedBy(leaf.value, issuer))) return err({ code: "submitted_chain_untrusted" });
  return toEntry(leaf.value, issuers, expected);
}

const NOTHING = new Uint8Array(0);

/** The accepted certificates from the issuer that the leaf names up to the root. */
function issuersOf(leaf: Certificate, accepted: readonly Certificate[]): readonly Certificate[] {
  const place = accepted.findIndex(({ subject }) => equal(subject, leaf.issuer));
  return place < 0 ? [] : accepted.slice(place);
}

function leafError(leaf: Certificate, expected: EntryType): SubmittedChainError | null {
  const poison = leaf.extensions.find(({ oid }) => oid === OID.precertificatePoison);
  if ((poison === undefined) !== (expected === "x509_entry")) return { code: "submitted_entry_type_wrong", expected };
  if (poison !== undefined && !(poison.critical && isNull(poison.value))) return { code: "submitted_poison_invalid" };
  return purposesOf(leaf).includes(OID.codeSigning) ? null : { code: "submitted_purpose_wrong" };
}

const isNull = (value: Uint8Array): boolean => decodeDer(value, (reader) => reader.null()).ok;

function toEntry(
  leaf: Certificate,
  issuers: readonly Certificate[],
  entryType: EntryType,
): Result<CheckedChain, SubmittedChainError> {
  const common = { leaf, entryType, issuers: issuers.map(({ der }) => der) };
  // RFC 6962 §3.2: the log signs the TBSCertificate without the poison, which is that of the certificate without its
  // SCTs.
  const tbs = withoutExtension(leaf.tbs, entryType === "x509_entry" ? OID.sctList : OID.precertificatePoison);
  if (!tbs.ok) return err({ code: "submitted_certificate_invalid", reason: tbs.error.reason });
  const precertificate = { issuerKeyHash: sha256(issuers[0]?.spki ?? NOTHING), signedEntry: tbs.value };
  return entryType === "x509_entry"
    ? ok({
        ...common,
        issuerKeyHash: null,
        signedEntry: leaf.der,
        precertificate: null,
        precertificateForm: precertificate,
      })
    : ok({ ...common, ...precertificate, precertificate: leaf.der, precertificateForm: null });
}

/** The extensions of TBSCertificate: [3] EXPLICIT. */
const EXTENSIONS_TAG = 0xa3;
/** The limit of certificate.ts. */
const MAX_EXTENSIONS = 64;

/**
 * Removes one extension from a TBSCertificate. Re-encodes the list and the two lengths around it, and copies every
 * other byte, so that a precertificate without its poison equals the certificate without its SCTs (RFC 6962 §3.2). A
 * TBS without the extension is returned unchanged. Fails with der_invalid.
 */
export function withoutExtension(tbs: Uint8Array, oid: string): Result<Uint8Array<ArrayBuffer>, DerError> {
  return decodeDer(tbs, (reader) =>
    reader.sequence((fields) => {
      const before: Uint8Array[] = [];
      while (!fields.done && fields.nextTag !== EXTENSIONS_TAG) before.push(fields.raw());
      const extensions = fields.optional(EXTENSIONS_TAG, (r) => r.within(EXTENSIONS_TAG, readRawExtensions)) ?? [];
      const kept = extensions.filter((extension) => extension.oid !== oid).map(({ raw }) => raw);
      // Extensions ::= SEQUENCE SIZE (1..MAX), so an empty list is omitted.
      return sequence(...before, ...(kept.length === 0 ? [] : [context(3, sequence(...kept))]));
    }),
  );
}

interface RawExtension {
  readonly oid: string;
  readonly raw: Uint8Array;
}

function readRawExtensions(reader: DerReader): readonly RawExtension[] {
  return reader.listOf(0x30, MAX_EXTENSIONS, (list) => {
    const raw = list.raw();
    const oid = decodeDer(raw, (r) =>
      r.sequence((extension) => {
        const id = extension.oid();
        while (!extension.done) extension.raw();
        return id;
      }),
    );
    return oid.ok ? { oid: oid.value, raw } : list.fail(oid.error.reason);
  });
}
