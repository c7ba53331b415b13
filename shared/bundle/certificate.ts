// SPDX-License-Identifier: Apache-2.0
// Checks the certificate of a bundle: who issued it, for what, when it was valid, and that a certificate log has it.
// Spec: RFC 5280 §6.1; RFC 6962 §3.2; github.com/sigstore/fulcio, docs/certificate-specification.md

import { sha256 } from "#sha256";
import { equal } from "../bytes/bytes.ts";
import { encodeHex } from "../bytes/hex.ts";
import type { EcdsaPublicKey, PublicKey } from "../crypto/public-key.ts";
import { withoutExtension } from "../ct/chain.ts";
import type { CertificateEntry } from "../ct/leaf.ts";
import { type SignedCertificateTimestamp, verifySct } from "../ct/sct.ts";
import { readSctList } from "../ct/sct-list.ts";
import { decodeDer } from "../der/reader.ts";
import { formatRfc3339, type UnixMs } from "../time.ts";
import type { Certificate } from "../x509/certificate.ts";
import { isCertificateAuthority } from "../x509/chain.ts";
import { findExtension, KEY_USAGE, OID, purposesOf } from "../x509/extensions.ts";
import { type Check, reportFailure, reportPass, reportUnchecked } from "./check.ts";
import { findPath, nameOf, type Path, timeProblem } from "./path.ts";
import { formatWindow, isWithin, type TrustedLog, type TrustedRoot } from "./trusted-root.ts";

/** Checks everything about a leaf but its identity. `times` are those that timestamps and promises proved. */
export async function checkCertificate(
  leaf: Certificate,
  root: TrustedRoot,
  times: readonly UnixMs[],
): Promise<readonly Check[]> {
  const paths: Path[] = [];
  for (const authority of root.certificateAuthorities) {
    const path = await findPath(leaf, authority);
    if (path !== null) paths.push(path);
  }
  const [path] = paths;
  const purpose = checkPurpose(leaf);
  if (path === undefined) {
    return [
      reportFailure("certificate", "no certificate authority of the trusted root issued the certificate"),
      purpose,
    ];
  }
  // A root may list one authority several times, for parts of its life.
  const chosen = paths.find((one) => times.every((at) => timeProblem(one, at) === null)) ?? path;
  return [checkTimes(chosen, times), purpose, await checkScts(chosen, root.certificateLogs)];
}

function checkTimes(path: Path, times: readonly UnixMs[]): Check {
  const [leaf, ...above] = path.certificates;
  const issuers = above.map(nameOf).join(", issued by ");
  if (times.length === 0) {
    return reportUnchecked("certificate", `issued by ${issuers}, but nothing proves when the certificate was used`);
  }
  const problem = times.map((at) => timeProblem(path, at)).find((found) => found !== null);
  const validity = `valid from ${formatRfc3339(leaf.notBefore)} to ${formatRfc3339(leaf.notAfter)}`;
  return problem === undefined
    ? reportPass(
        "certificate",
        `issued by ${issuers}; ${validity}, and used at ${times.map(formatRfc3339).join(" and ")}`,
      )
    : reportFailure("certificate", `issued by ${issuers}; ${problem}`);
}

/** A leaf that signs code is no CA and says so in its extended key usage. */
function checkPurpose(leaf: Certificate): Check {
  if (!purposesOf(leaf).includes(OID.codeSigning)) {
    return reportFailure("purpose", "the certificate is not for code signing (extended key usage)");
  }
  if (isCertificateAuthority(leaf))
    return reportFailure("purpose", "the certificate belongs to a certificate authority");
  const usage = findExtension(leaf, OID.keyUsage);
  const bits = usage === null ? null : decodeDer(usage, (reader) => reader.contents(0x03));
  const allows = bits === null || (bits.ok && ((bits.value[1] ?? 0) & (0x80 >> KEY_USAGE.digitalSignature)) !== 0);
  return allows
    ? reportPass("purpose", "the certificate is for code signing, and not for a certificate authority")
    : reportFailure("purpose", "the key usage of the certificate does not allow signatures");
}

/**
 * One SCT of a trusted log is enough, and none of a trusted log may be wrong. The log signed the certificate without
 * its SCTs, together with the key of its issuer (RFC 6962 §3.2).
 */
async function checkScts({ certificates }: Path, logs: readonly TrustedLog[]): Promise<Check> {
  const [leaf, issuer] = certificates;
  const scts = readSctList(leaf);
  const tbs = withoutExtension(leaf.tbs, OID.sctList);
  if (scts === null || !tbs.ok || issuer === undefined)
    return reportFailure("sct", "the SCTs of the certificate are malformed");
  if (scts.length === 0)
    return reportFailure("sct", "the certificate has no SCT: no certificate log promised to publish it");
  const entry: CertificateEntry = {
    entryType: "precert_entry",
    issuerKeyHash: sha256(issuer.spki),
    signedEntry: tbs.value,
  };
  const seen: string[] = [];
  for (const sct of scts) {
    const known = logs.filter(({ logId }) => equal(logId, sct.logId));
    if (known.length === 0) continue;
    const found = await findLog(sct, entry, known);
    if (typeof found === "string") return reportFailure("sct", found);
    seen.push(`${found.baseUrl} promised at ${formatRfc3339(sct.timestamp)} to publish the certificate`);
  }
  const ids = scts.map(({ logId }) => encodeHex(logId)).join(", ");
  return seen.length > 0
    ? reportPass("sct", seen.join("; "))
    : reportFailure("sct", `the certificate has SCTs only of logs that the trusted root does not list: ${ids}`);
}

/** The log that made the SCT; otherwise what is wrong. */
async function findLog(
  sct: SignedCertificateTimestamp,
  entry: CertificateEntry,
  logs: readonly TrustedLog[],
): Promise<TrustedLog | string> {
  for (const log of logs) {
    const { key, window, baseUrl } = log;
    if (key === null || !isEcdsa(key) || !(await verifySct(sct, entry, key))) continue;
    if (isWithin(window, sct.timestamp)) return log;
    return `the key of ${baseUrl} is trusted from ${formatWindow(window)}, not at ${formatRfc3339(sct.timestamp)}`;
  }
  return `an SCT of ${logs[0]?.baseUrl ?? ""} is not over this certificate`;
}

const isEcdsa = (key: PublicKey): key is EcdsaPublicKey => key.kind.startsWith("ecdsa");
