// SPDX-License-Identifier: Apache-2.0
// Reads a TimeStampResp of any authority, and verifies the signature of its token. Knows no chain and no trust.
// Spec: RFC 3161 §2.4.2; RFC 5652 §5; RFC 5035 §5 (SigningCertificateV2).

import { equal } from "../bytes/bytes.ts";
import { type HashAlgorithm, hashMessage } from "../crypto/hash.ts";
import { parsePublicKey } from "../crypto/public-key.ts";
import { type DerReader, decodeDer } from "../der/reader.ts";
import { err, ok, type Result } from "../result.ts";
import { type UnixMs, unixMs } from "../time.ts";
import type { Certificate } from "../x509/certificate.ts";
import { readSignatureAlgorithm, type SignatureAlgorithm, verifySigned } from "../x509/signature-algorithm.ts";
import {
  CONTENT_TYPE,
  MESSAGE_DIGEST,
  SHA256,
  SHA384,
  SHA512,
  SIGNED_DATA,
  SIGNING_CERTIFICATE_V2,
  TST_INFO,
} from "./oids.ts";

/** A timestamp token whose signature has not been verified. */
export interface TimestampToken {
  /** TSTInfo, DER: what the signer signed by its digest. */
  readonly tstInfo: Uint8Array;
  /** The hash of the stamped data, and its digest. */
  readonly imprint: { readonly hash: HashAlgorithm; readonly digest: Uint8Array };
  readonly genTime: UnixMs;
  /** Name and INTEGER contents that identify the certificate of the signer. */
  readonly signer: { readonly issuer: Uint8Array; readonly serial: Uint8Array };
  /** SET OF Attribute, DER: the bytes that the signature covers. */
  readonly signedAttributes: Uint8Array;
  /** The hash of the message-digest attribute. */
  readonly digestHash: HashAlgorithm;
  readonly messageDigest: Uint8Array;
  /** The digest of the signer's certificate in signingCertificateV2; null without that attribute. */
  readonly certificateDigest: { readonly hash: HashAlgorithm; readonly digest: Uint8Array } | null;
  readonly algorithm: SignatureAlgorithm;
  readonly signature: Uint8Array;
  /** The certificates that the token carries, DER. Nobody has verified them. */
  readonly certificates: readonly Uint8Array[];
  /** Whether the response has nothing that was passed over: failure bits, CRLs or unsigned attributes. */
  readonly isPlain: boolean;
}

/** The bytes are not a granted TimeStampResp with a token of one signer in a form that is understood. */
export interface TokenError {
  readonly code: "timestamp_token_invalid";
  readonly reason: string;
}

const RSA_ENCRYPTION = "1.2.840.113549.1.1.1";

const HASHES: ReadonlyMap<string, HashAlgorithm> = new Map([
  [SHA256, "SHA-256"],
  [SHA384, "SHA-384"],
  [SHA512, "SHA-512"],
]);

/** PKIStatus: granted is 0. */
const GRANTED_WITH_MODS = 1;
const SEQUENCE = 0x30;
/** A token carries at most a chain of certificates, and attributes of a dozen types. */
const MAX_ITEMS = 16;

/** Parses a TimeStampResp, DER. Fails with timestamp_token_invalid. */
export function parseTimestampResponse(der: Uint8Array): Result<TimestampToken, TokenError> {
  const response = decodeDer(der, (reader) =>
    reader.sequence((outer) => {
      const isPlain = outer.sequence(readStatus);
      const token = outer.sequence(readContentInfo);
      return { ...token, isPlain: isPlain && token.isPlain };
    }),
  );
  return response.ok ? response : err({ code: "timestamp_token_invalid", reason: response.error.reason });
}

/** Reads PKIStatusInfo. Returns whether it has no more than a status and texts. */
function readStatus(reader: DerReader): boolean {
  const status = reader.smallInteger();
  if (status > GRANTED_WITH_MODS) reader.fail(`status ${status} instead of granted`);
  reader.optional(SEQUENCE, (r) => r.listOf(SEQUENCE, MAX_ITEMS, (texts) => texts.text()));
  const isPlain = reader.done;
  while (!reader.done) reader.raw();
  return isPlain;
}

function readContentInfo(reader: DerReader): TimestampToken {
  if (reader.oid() !== SIGNED_DATA) reader.fail("not SignedData");
  return reader.within(0xa0, (explicit) => explicit.sequence(readSignedData));
}

function readSignedData(reader: DerReader): TimestampToken {
  reader.smallInteger();
  reader.listOf(0x31, MAX_ITEMS, (hashes) => hashes.sequence(readAnyAlgorithm));
  const tstInfo = reader.sequence((content) => {
    if (content.oid() !== TST_INFO) content.fail("not a TSTInfo");
    return content.within(0xa0, (explicit) => explicit.octetString());
  });
  const certificates = reader.optional(0xa0, (r) => r.listOf(0xa0, MAX_ITEMS, (list) => list.raw())) ?? [];
  const hasCrls = reader.nextTag === 0xa1;
  if (hasCrls) reader.raw();
  // RFC 3161 §2.4.2: the token MUST contain no signature but that of the authority.
  const signer = reader.set((infos) => infos.sequence(readSignerInfo));
  const info = decodeDer(tstInfo, (r) => r.sequence(readTstInfo));
  if (!info.ok) return reader.fail(info.error.reason);
  return { tstInfo, certificates, ...signer, ...info.value, isPlain: signer.isPlain && !hasCrls };
}

function readAnyAlgorithm(reader: DerReader): void {
  reader.oid();
  if (!reader.done) reader.raw();
}

function readTstInfo(reader: DerReader): Pick<TimestampToken, "imprint" | "genTime"> {
  if (reader.smallInteger() !== 1) reader.fail("TSTInfo of another version");
  reader.oid();
  const imprint = reader.sequence((value) => ({ hash: readHash(value), digest: value.octetString() }));
  reader.integer();
  const genTime = parseGeneralizedTime(String.fromCharCode(...reader.contents(0x18).subarray(0, 32)));
  // accuracy, ordering, nonce, tsa: they say nothing about what was stamped, or when.
  while (!reader.done && reader.nextTag !== 0xa1) reader.raw();
  if (!reader.done) reader.fail("TSTInfo with extensions");
  return genTime === null ? reader.fail("genTime is not a time") : { imprint, genTime };
}

/** RFC 3161 §2.4.2: GeneralizedTime in UTC, with a fraction of a second if its last digit is not 0. */
function parseGeneralizedTime(text: string): UnixMs | null {
  const [, digits, fraction = ""] = /^(\d{14})(?:\.(\d{0,8}[1-9]))?Z$/.exec(text) ?? [];
  if (digits === undefined) return null;
  const parts = digits.replace(/^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)$/, "$1-$2-$3T$4:$5:$6");
  const iso = `${parts}.${fraction.slice(0, 3).padEnd(3, "0")}Z`;
  const value = Date.parse(iso);
  return Number.isNaN(value) || value < 0 || new Date(value).toISOString() !== iso ? null : unixMs(value);
}

type SignerInfo = Omit<TimestampToken, "tstInfo" | "certificates" | "imprint" | "genTime">;

function readSignerInfo(reader: DerReader): SignerInfo {
  reader.smallInteger();
  const signer = reader.sequence((id) => ({ issuer: id.raw(), serial: id.integer() }));
  const digestHash = reader.sequence(readAlgorithmOfHash);
  const attributes = reader.raw();
  const read = readAttributes(attributes, reader);
  const algorithm = reader.sequence((id) => readSignerAlgorithm(id, digestHash));
  const signature = reader.octetString();
  const isPlain = reader.done;
  if (reader.nextTag === 0xa1) reader.raw();
  return { signer, digestHash, algorithm, signature, isPlain, ...read };
}

const readHash = (reader: DerReader): HashAlgorithm => reader.sequence(readAlgorithmOfHash);

/** The parameters are absent or NULL (RFC 5754 §2). */
function readAlgorithmOfHash(reader: DerReader): HashAlgorithm {
  const hash = HASHES.get(reader.oid());
  if (!reader.done) reader.null();
  return hash ?? reader.fail("a hash other than SHA-256, SHA-384 and SHA-512");
}

/** RFC 3370 §3.2: rsaEncryption names no hash; the one of the digest is meant. */
function readSignerAlgorithm(reader: DerReader, hash: HashAlgorithm): SignatureAlgorithm {
  const { oid, known } = readSignatureAlgorithm(reader);
  if (oid === RSA_ENCRYPTION) return { family: "rsa", hash };
  return known ?? reader.fail("an unknown signature algorithm");
}

type Attributes = Pick<TimestampToken, "signedAttributes" | "messageDigest" | "certificateDigest">;

/** RFC 5652 §5.4: the signature covers the attributes under the tag of a SET OF, not under [0]. */
function readAttributes(raw: Uint8Array, outer: DerReader): Attributes {
  if (raw[0] !== 0xa0) outer.fail("no signed attributes");
  const signedAttributes = raw.slice();
  signedAttributes[0] = 0x31;
  const list = decodeDer(signedAttributes, (reader) =>
    reader.listOf(0x31, MAX_ITEMS, (attributes) =>
      attributes.sequence((one) => ({ type: one.oid(), value: one.set((values) => values.raw()) })),
    ),
  );
  if (!list.ok) return outer.fail(list.error.reason);
  const valueOf = (type: string): Uint8Array | null => {
    const [first, second] = list.value.filter((attribute) => attribute.type === type);
    return second === undefined ? (first?.value ?? null) : outer.fail("an attribute appears twice");
  };
  const contentType = decodeDer(valueOf(CONTENT_TYPE) ?? NOTHING, (reader) => reader.oid());
  const messageDigest = decodeDer(valueOf(MESSAGE_DIGEST) ?? NOTHING, (reader) => reader.octetString());
  if (!contentType.ok || contentType.value !== TST_INFO) outer.fail("no content-type attribute for a TSTInfo");
  if (!messageDigest.ok) return outer.fail("no message-digest attribute");
  const binding = valueOf(SIGNING_CERTIFICATE_V2);
  const certificateDigest = binding === null ? null : readSigningCertificate(binding, outer);
  return { signedAttributes, messageDigest: messageDigest.value, certificateDigest };
}

const NOTHING = new Uint8Array(0);

/** Reads the first ESSCertIDv2, which is that of the signer; its hash is SHA-256 unless it names another. */
function readSigningCertificate(der: Uint8Array, outer: DerReader): Attributes["certificateDigest"] {
  const read = decodeDer(der, (reader) =>
    reader.sequence((signing) => {
      const first = signing.sequence((ids) => {
        const id = ids.sequence((one) => {
          const hash = one.optional(0x30, readHash) ?? "SHA-256";
          const digest = one.octetString();
          while (!one.done) one.raw();
          return { hash, digest };
        });
        while (!ids.done) ids.raw();
        return id;
      });
      while (!signing.done) signing.raw();
      return first;
    }),
  );
  return read.ok ? read.value : outer.fail(read.error.reason);
}

/** Whether the certificate is the one that the token names as its signer's. */
export const isSignedBy = ({ signer }: TimestampToken, { issuer, serial }: Certificate): boolean =>
  equal(signer.issuer, issuer) && equal(signer.serial, serial);

/** Verifies the signature with the key of a certificate. The error completes "the token …". */
export async function verifyToken(token: TimestampToken, certificate: Certificate): Promise<Result<null, string>> {
  const key = parsePublicKey(certificate.spki);
  if (!key.ok) return err("is signed with a key of a kind that is not supported");
  if (!equal(await hashMessage(token.digestHash, token.tstInfo), token.messageDigest)) {
    return err("has a message digest that is not that of its content");
  }
  const binding = token.certificateDigest;
  if (binding !== null && !equal(await hashMessage(binding.hash, certificate.der), binding.digest)) {
    return err("is bound to another certificate");
  }
  const isGood = await verifySigned(token.algorithm, key.value, token.signedAttributes, token.signature);
  return isGood ? ok(null) : err("has a signature that does not verify");
}
