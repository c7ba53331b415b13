// SPDX-License-Identifier: Apache-2.0
// The life of a certificate: token → principal → proof of possession → precertificate → SCT → certificate. Nothing leaves a
// trace before every check has passed; what the log has taken and we fail to sign stays there, as RFC 6962 wants it.
// Spec: RFC 6962 §3.1; https://github.com/sigstore/fulcio/blob/main/docs/certificate-specification.md

import { encodeHex } from "../../../shared/bytes/hex.ts";
import type { PublicKey } from "../../../shared/crypto/public-key.ts";
import type { SignedCertificateTimestamp } from "../../../shared/ct/sct.ts";
import { encodeSctList, readLeafIndex } from "../../../shared/ct/sct.ts";
import { encodeFulcioExtensions } from "../../../shared/fulcio/extensions.ts";
import { type PossessionError, verifyPossession } from "../../../shared/fulcio/possession.ts";
import type { SigningRequest } from "../../../shared/fulcio/request.ts";
import type { Principal } from "../../../shared/identity/principal.ts";
import { err, ok, type Result } from "../../../shared/result.ts";
import type { AppendError, SequencerRpc } from "../../../shared/rpc/sequencer.ts";
import { type UnixMs, unixMs } from "../../../shared/time.ts";
import { verifyIssuedBy } from "../../../shared/x509/chain.ts";
import { encodeLeaf, type Leaf, toSerial } from "../../../shared/x509/issue.ts";
import { type Limits, limitIdentity, type RateLimited } from "../limits.ts";
import type { CaChain } from "../signer/ca-chain.ts";
import type { CertificateSigner } from "../signer/ca-key.ts";
import { type Identification, type Identified, type IdentifyError, identify } from "./identify.ts";
import { logPrecertificate, parseOwn, signTbs } from "./precertificate.ts";
import { describeToken, type TokenUse, type TokenUsed, useOnce } from "./token-use.ts";

export type IssueError =
  | IdentifyError
  | RateLimited
  | PossessionError
  | TokenUsed
  | AppendError
  | CaCertificateNotValid;

interface Validity {
  readonly notBefore: UnixMs;
  readonly notAfter: UnixMs;
}

/** The issuing CA's own certificate, with its validity, is not valid now, so nothing below it would be. */
interface CaCertificateNotValid extends Validity {
  readonly code: "ca_certificate_not_valid";
}

/** All that issuing needs; made once per isolate. */
export interface CertificateAuthority {
  readonly identification: Identification;
  readonly limits: Limits;
  readonly chain: CaChain;
  /** Certificates, DER, of the authorities before and after this one, each with its root last. */
  readonly otherChains: readonly (readonly Uint8Array[])[];
  readonly lifetimeMs: number;
  readonly signer: CertificateSigner;
  readonly tokenUse: TokenUse;
  /** The certificate logs that take entries, the one to use first. */
  readonly logs: () => readonly WritableLog[];
  readonly now: () => UnixMs;
  readonly randomBytes: (length: number) => Uint8Array;
}

interface WritableLog {
  readonly name: string;
  /** A stub of its sequencer, a new one for each call. A rejected promise is the platform's failure. */
  readonly sequencer: () => Pick<SequencerRpc, "appendCertificate">;
}

/** What the operator's log says of a certificate. */
export interface IssuanceRecord {
  /** `iss` of the token. */
  readonly issuer: string;
  readonly identity: string;
  /** Hex. */
  readonly serial: string;
  /** Name of the certificate log, and the index in it. */
  readonly log: string;
  readonly leafIndex: number;
  /** Hex SHA-256 of the token's `jti`, null if it has none. */
  readonly tokenId: string | null;
}

export interface Issued {
  /** DER, leaf first, root last. */
  readonly chain: readonly Uint8Array[];
  readonly record: IssuanceRecord;
}

/** A verifier's clock may be behind ours. */
const BACKDATED_MS = 5_000;
const SERIAL_BYTES = 20;

/** Issues a certificate. */
export async function issueCertificate(
  request: SigningRequest,
  ca: CertificateAuthority,
): Promise<Result<Issued, IssueError>> {
  const identified = await identifyWithinLimits(request.token, ca);
  if (!identified.ok) return identified;
  const key = await verifyPossession(request.key, identified.value.principal.challenges);
  if (!key.ok) return key;
  return useOnce(identified.value, ca.tokenUse, () => certify(identified.value, key.value, ca));
}

/** Who the token speaks for, within what one identity may ask for. */
export async function identifyWithinLimits(
  token: string,
  ca: CertificateAuthority,
): Promise<Result<Identified, IssueError>> {
  const identified = await identify(token, ca.identification, ca.now());
  if (!identified.ok) return identified;
  const limited = await limitIdentity(identified.value, ca.limits);
  return limited.ok ? identified : limited;
}

async function certify(
  identified: Identified,
  key: PublicKey,
  ca: CertificateAuthority,
): Promise<Result<Issued, IssueError>> {
  const serial = toSerial(ca.randomBytes(SERIAL_BYTES));
  const leaf = layOut(identified.principal, { key, serial }, ca);
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

/** From when until when a certificate of now is valid. Fails with ca_certificate_not_valid. */
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

function layOut(
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

/** Signs with the key that signed the precertificate, and looks at the result as a verifier would before anybody gets it. */
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
