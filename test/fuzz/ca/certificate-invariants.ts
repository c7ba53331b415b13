// SPDX-License-Identifier: Apache-2.0
// Invariants of every certificate that the CA issues, checked by parsers that are not ours: node's and
// @sigstore/core's.

import { X509Certificate as NodeCertificate } from "node:crypto";
import { X509Certificate } from "@sigstore/core";
import { type SctSigner, verifiesSct } from "../../support/authority/verify-sct.ts";

const OID = {
  keyUsage: "2.5.29.15",
  extendedKeyUsage: "2.5.29.37",
  subjectKeyIdentifier: "2.5.29.14",
  authorityKeyIdentifier: "2.5.29.35",
  subjectAltName: "2.5.29.17",
  sctList: "1.3.6.1.4.1.11129.2.4.2",
} as const;
const FULCIO_ARC = "1.3.6.1.4.1.57264.1.";
const FULCIO_NUMBERS = new Set([1, 2, 3, 4, 5, 6, ...Array.from({ length: 17 }, (_, i) => i + 8)]);

/** Returns the certificates in a version 2 response as PEM, leaf first. */
export function certificatesIn(answer: string): readonly string[] {
  const { signedCertificateEmbeddedSct: signed } = JSON.parse(answer) as {
    readonly signedCertificateEmbeddedSct: { readonly chain: { readonly certificates: readonly string[] } };
  };
  return signed.chain.certificates;
}

/** Throws with the invariant that does not hold. @param serials all earlier serial numbers; this one is added */
export function checkChain(pems: readonly string[], log: SctSigner, serials: Set<string>): void {
  const [leafPem = "", issuingPem = ""] = pems;
  const node = new NodeCertificate(leafPem);
  const issuing = new NodeCertificate(issuingPem);
  demand(pems.length === 3, "the chain has three certificates");
  demand(node.checkIssued(issuing) && node.verify(issuing.publicKey), "the leaf is signed by its issuer");
  demand(node.subject === undefined || node.subject === "", "the subject is empty");
  demand(node.keyUsage?.join() === "1.3.6.1.5.5.7.3.3", "the only purpose is code signing");
  demand(!node.ca, "the leaf is not a CA");
  const leaf = X509Certificate.parse(leafPem);
  const serial = leaf.serialNumber.toString("hex");
  demand(
    leaf.serialNumber.length <= 20 && ((leaf.serialNumber[0] ?? 0xff) & 0x80) === 0,
    "the serial number is positive and short",
  );
  demand(!serials.has(serial), "the serial number is new");
  serials.add(serial);
  demand(leaf.notAfter.getTime() - leaf.notBefore.getTime() === 600_000, "it is valid for ten minutes");
  checkExtensions(leaf);
  demand(verifiesSct(leaf, X509Certificate.parse(issuingPem), log), "it has one SCT, which verifies");
}

function checkExtensions(leaf: X509Certificate): void {
  const oids = leaf.extensions.map((extension) => extension.subs[0]?.toOID() ?? "");
  demand(new Set(oids).size === oids.length, "no extension appears twice");
  for (const oid of Object.values(OID)) demand(oids.includes(oid), `it has ${oid}`);
  for (const oid of oids) {
    const number = oid.startsWith(FULCIO_ARC) ? Number(oid.slice(FULCIO_ARC.length)) : null;
    const isKnown = Object.values<string>(OID).includes(oid) || (number !== null && FULCIO_NUMBERS.has(number));
    demand(isKnown, `${oid} is an allowed extension`);
    if (number !== null) demand((textOf(leaf, number)?.length ?? 0) > 0, `${oid} is not empty`);
  }
  demand(textOf(leaf, 1) === textOf(leaf, 8), "both issuers are the same");
  const names = leaf.extensions.find((extension) => extension.subs[0]?.toOID() === OID.subjectAltName);
  demand(names?.subs[1]?.value.toString("hex") === "ff", "the name is critical");
  // The value is an OCTET STRING that contains GeneralNames.
  demand(leaf.extension(OID.subjectAltName)?.valueObj.subs[0]?.subs.length === 1, "it has one name");
  const host = /^[a-z]+:\/\/([^/?#]*)/.exec(leaf.extSubjectAltName?.uri ?? "")?.[1];
  demand(host === undefined || host.split(".").every((label) => label !== ""), "Go's x509 reads the host in its name");
}

/** Returns the text of the extension with this number under Fulcio's arc. */
export function textOf(leaf: X509Certificate, number: number): string | undefined {
  const extension = leaf.extension(`${FULCIO_ARC}${number}`);
  return number <= 6 ? extension?.value.toString() : extension?.valueObj.subs[0]?.value.toString();
}

function demand(holds: boolean, what: string): void {
  if (!holds) throw new Error(`an invariant does not hold: ${what}`);
}
