// SPDX-License-Identifier: Apache-2.0
// What a certificate log checks of a submitted chain, and what it makes of it: the parts of the entry that it signs.
// Spec: RFC 6962 §3.1, §3.2, §4.1, §4.2; https://c2sp.org/static-ct-api

import { sha256 } from "#sha256";
import { equal } from "../bytes/bytes.ts";
import { type DerError, type DerReader, decodeDer } from "../der/reader.ts";
import { context, sequence } from "../der/writer.ts";
import { err, ok, type Result } from "../result.ts";
import type { CertificateSubmission } from "../rpc/sequencer.ts";
import { type Certificate, parseCertificate } from "../x509/certificate.ts";
import { verifyIssuedBy } from "../x509/chain.ts";
import { OID, purposesOf } from "../x509/extensions.ts";

type EntryType = CertificateSubmission["entryType"];

export type ChainRefusal =
  | { readonly code: "submitted_chain_empty" }
  | { readonly code: "submitted_certificate_invalid"; readonly reason: string }
  /** The leaf was not issued by a certificate that this log accepts. */
  | { readonly code: "submitted_chain_untrusted" }
  /** The certificate at `place` (leaf: 0) is not the next one up to the accepted root. */
  | { readonly code: "submitted_chain_out_of_order"; readonly place: number }
  /** A precertificate at add-chain, a certificate at add-pre-chain. */
  | { readonly code: "submitted_entry_type_wrong"; readonly expected: EntryType }
  /** There is a poison, but not critical or not NULL. */
  | { readonly code: "submitted_poison_invalid" }
  | { readonly code: "submitted_purpose_wrong" };

/** All of a submission that follows from the chain. */
export interface CheckedChain extends Omit<CertificateSubmission, "search"> {
  /** The certificate or precertificate at the bottom. */
  readonly leaf: Certificate;
}

/**
 * Checks a chain, leaf first, for an entry of type `expected`. Above the leaf there may stand, in their order and from the
 * leaf's issuer on, only certificates of `accepted` (issuing CA first, root last), and as few of them as one likes: what
 * stands above the leaf has to be published by its fingerprint, and is trusted by its bytes. Validity times are not checked:
 * a log has to take what its CA issued, whenever it comes. Fails with a ChainRefusal.
 */
export async function checkChain(
  chain: readonly Uint8Array[],
  accepted: readonly Certificate[],
  expected: EntryType,
): Promise<Result<CheckedChain, ChainRefusal>> {
  const [leafDer, ...above] = chain;
  if (leafDer === undefined) return err({ code: "submitted_chain_empty" });
  const leaf = parseCertificate(leafDer);
  if (!leaf.ok) return err({ code: "submitted_certificate_invalid", reason: leaf.error.reason });
  const refusal = leafRefusal(leaf.value, expected);
  if (refusal !== null) return err(refusal);
  const issuers = issuersOf(leaf.value, accepted);
  const strange = above.findIndex((der, i) => !equal(der, issuers[i]?.der ?? NOTHING));
  const [issuer] = issuers;
  if (issuer === undefined || strange === 0) return err({ code: "submitted_chain_untrusted" });
  if (strange > 0) return err({ code: "submitted_chain_out_of_order", place: strange + 1 });
  if (!(await verifyIssuedBy(leaf.value, issuer))) return err({ code: "submitted_chain_untrusted" });
  return toEntry(leaf.value, issuers, expected);
}

const NOTHING = new Uint8Array(0);

/** The accepted certificates from the one that the leaf names as its issuer to the root. */
function issuersOf(leaf: Certificate, accepted: readonly Certificate[]): readonly Certificate[] {
  const place = accepted.findIndex(({ subject }) => equal(subject, leaf.issuer));
  return place < 0 ? [] : accepted.slice(place);
}

function leafRefusal(leaf: Certificate, expected: EntryType): ChainRefusal | null {
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
): Result<CheckedChain, ChainRefusal> {
  const chainFingerprints = issuers.map(({ der }) => sha256(der));
  const common = { leaf, entryType, chainFingerprints };
  if (entryType === "x509_entry") {
    return ok({ ...common, issuerKeyHash: null, signedEntry: leaf.der, precertificate: null });
  }
  const tbs = withoutExtension(leaf.tbs, OID.precertificatePoison);
  if (!tbs.ok) return err({ code: "submitted_certificate_invalid", reason: tbs.error.reason });
  const issuerKeyHash = sha256(issuers[0]?.spki ?? NOTHING);
  return ok({ ...common, issuerKeyHash, signedEntry: tbs.value, precertificate: leaf.der });
}

/** [3] EXPLICIT of TBSCertificate: its extensions. */
const EXTENSIONS_TAG = 0xa3;
/** As many as certificate.ts reads. */
const MAX_EXTENSIONS = 64;

/**
 * A TBSCertificate without one of its extensions: the list and the two lengths around it are written anew, every other byte
 * is taken over. A precertificate without its poison and the certificate without its SCTs come out the same (RFC 6962 §3.2).
 * A TBS that does not have the extension comes out as it went in. Fails with der_invalid.
 */
export function withoutExtension(tbs: Uint8Array, oid: string): Result<Uint8Array<ArrayBuffer>, DerError> {
  return decodeDer(tbs, (reader) =>
    reader.sequence((fields) => {
      const before: Uint8Array[] = [];
      while (!fields.done && fields.nextTag !== EXTENSIONS_TAG) before.push(fields.raw());
      const extensions = fields.optional(EXTENSIONS_TAG, (r) => r.within(EXTENSIONS_TAG, readRawExtensions)) ?? [];
      const kept = extensions.filter((extension) => extension.oid !== oid).map(({ raw }) => raw);
      // Extensions ::= SEQUENCE SIZE (1..MAX): the last one takes the list with it.
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
