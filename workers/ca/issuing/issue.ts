// SPDX-License-Identifier: Apache-2.0
// The life of a certificate: token → principal → proof of possession → precertificate → SCT → certificate. No side
// effect before all checks pass. If the final signature fails, the precertificate stays logged, as RFC 6962 requires.
// Spec: RFC 6962 §3.1; https://github.com/sigstore/fulcio/blob/main/docs/certificate-specification.md

import { encodeHex } from "../../../shared/bytes/hex.ts";
import type { PublicKey } from "../../../shared/crypto/public-key.ts";
import type { SignedCertificateTimestamp } from "../../../shared/ct/sct.ts";
import { encodeSctList, readLeafIndex } from "../../../shared/ct/sct.ts";
import { encodeFulcioExtensions } from "../../../shared/fulcio/extensions.ts";
import { verifyPossession } from "../../../shared/fulcio/possession.ts";
import type { SigningRequest } from "../../../shared/fulcio/request.ts";
import type { Principal } from "../../../shared/identity/principal.ts";
import { err, ok, type Result } from "../../../shared/result.ts";
import { type UnixMs, unixMs } from "../../../shared/time.ts";
import { verifyIssuedBy } from "../../../shared/x509/chain.ts";
import { encodeLeaf, type Leaf, toSerial } from "../../../shared/x509/issue.ts";
import type { CaCertificateNotValid, IssueError } from "../errors.ts";
import { limitIdentity } from "../limits.ts";
import type { CertificateAuthority } from "./certificate-authority.ts";
import { type Identified, identify } from "./identify.ts";
import { logPrecertificate, parseOwn, signTbs } from "./precertificate.ts";
import { checkNotRevoked, describeToken, type TokenRecord, useOnce } from "./token-use.ts";

interface Validity {
  readonly notBefore: UnixMs;
  readonly notAfter: UnixMs;
}

/** The operator's log line for one certificate. */
interface IssuanceRecord extends TokenRecord {
  readonly identity: string;
  /** Hex. */
  readonly serial: string;
  /** The certificate log's name, and the certificate's index in it. */
  readonly log: string;
  readonly leafIndex: number;
}

/** A certificate with its chain, and the log line for it. */
export interface Issued {
  /** DER, leaf first, root last. */
  readonly chain: readonly Uint8Array[];
  readonly record: IssuanceRecord;
}

/** Tolerates verifiers whose clocks are behind ours. */
const BACKDATED_MS = 5_000;
const SERIAL_BYTES = 20;

/**
 * Issues a certificate. Rejects if the platform or the signer fails.
 *
 * @param client the key of the client (shared/http/client-address.ts)
 */
export async function issueCertificate(
  request: SigningRequest,
  client: string,
  ca: CertificateAuthority,
): Promise<Result<Issued, IssueError>> {
  const identified = await identifyWithinLimits(request.token, client, ca);
  if (!identified.ok) return identified;
  const key = await verifyPossession(request.key, identified.value.principal.challenges);
  if (!key.ok) return key;
  return useOnce(identified.value, ca.tokenUse, () => certify(identified.value, key.value, ca));
}

/** Verifies the token, then applies the rate limit of its identity, then asks whether the token is revoked. */
export async function identifyWithinLimits(
  token: string,
  client: string,
  ca: CertificateAuthority,
): Promise<Result<Identified, IssueError>> {
  const identified = await identify(token, ca.identification, { client, now: ca.now() });
  if (!identified.ok) return identified;
  const limited = await limitIdentity(identified.value, ca.limits);
  if (!limited.ok) return limited;
  const current = await checkNotRevoked(identified.value, ca.isTokenRevoked);
  return current.ok ? identified : current;
}

async function certify(
  identified: Identified,
  key: PublicKey,
  ca: CertificateAuthority,
): Promise<Result<Issued, IssueError>> {
  const serial = toSerial(ca.randomBytes(SERIAL_BYTES));
  const leaf = buildLeaf(identified.principal, { key, serial }, ca);
  if (!leaf.ok) return leaf;
  const logged = await logPrecertificate(leaf.value, ca);
  if (!logged.ok) return logged;
  const { log, sct } = logged.value;
  const certificate = await signCertificate(leaf.value, sct, ca);
  const record = {
    ...describeToken(identified),
    identity: identified.principal.subjectAltName.value,
    serial: encodeHex(serial),
    log,
    leafIndex: readLeafIndex(sct.extensions),
  };
  return ok({ chain: [certificate, ...ca.chain.certificates], record });
}

/** The validity period of a certificate issued now. Fails with ca_certificate_not_valid. */
export function validityNow({
  chain: { issuer },
  lifetimeMs,
  now,
}: CertificateAuthority): Result<Validity, CaCertificateNotValid> {
  const wholeSecond = Math.floor(now() / 1000) * 1000;
  const notBefore = unixMs(wholeSecond - BACKDATED_MS);
  const notAfter = unixMs(notBefore + lifetimeMs);
  return now() < issuer.notBefore || notAfter > issuer.notAfter
    ? err({ code: "ca_certificate_not_valid", notBefore: issuer.notBefore, notAfter: issuer.notAfter })
    : ok({ notBefore, notAfter });
}

function buildLeaf(
  principal: Principal,
  { key, serial }: { readonly key: PublicKey; readonly serial: Uint8Array },
  ca: CertificateAuthority,
): Result<Leaf, IssueError> {
  const validity = validityNow(ca);
  if (!validity.ok) return validity;
  return ok(
    encodeLeaf(ca.chain.issuer, {
      serial,
      ...validity.value,
      spki: key.spki,
      subjectAltName: principal.subjectAltName,
      extensions: encodeFulcioExtensions(principal.extensions),
      signatureAlgorithm: ca.signer.algorithm,
    }),
  );
}

/** Signs with the key that signed the precertificate, and verifies the result before it leaves the CA. */
async function signCertificate(
  leaf: Leaf,
  sct: SignedCertificateTimestamp,
  { chain, signer }: CertificateAuthority,
): Promise<Uint8Array> {
  const certificate = await signTbs(leaf.finalTbs(encodeSctList([sct])), signer);
  if (!(await verifyIssuedBy(parseOwn(certificate), chain.issuer))) {
    throw new Error("the certificate that was just signed does not verify");
  }
  return certificate;
}
