// SPDX-License-Identifier: Apache-2.0
// Parses Sigstore bundles of versions 0.1, 0.2 and 0.3. Verifies nothing.
// Spec: https://github.com/sigstore/protobuf-specs/blob/main/protos/sigstore_bundle.proto

import type { HashAlgorithm } from "../crypto/hash.ts";
import { parseJson } from "../json/parse.ts";
import { bytes, enumeration, type FieldError, message, repeated, string } from "../json/proto.ts";
import { err, ok, type Result } from "../result.ts";
import { LOG_ENTRY, type LoggedEntry, toLoggedEntry } from "./log-entry.ts";

/** A statement in an envelope, and its only signature. Spec: https://github.com/secure-systems-lab/dsse */
export interface Envelope {
  readonly kind: "envelope";
  readonly payloadType: string;
  readonly payload: Uint8Array;
  readonly signature: Uint8Array;
}

/** A signature over an artifact that the bundle does not contain. */
export interface MessageSignature {
  readonly kind: "message";
  /** The digest that the bundle names. It helps to find the artifact and proves nothing. */
  readonly digest: { readonly hash: HashAlgorithm; readonly value: Uint8Array };
  readonly signature: Uint8Array;
}

/** A bundle. */
export interface Bundle {
  readonly version: "0.1" | "0.2" | "0.3";
  /** The leaf first; in versions 0.1 and 0.2 others may follow. A hint names a key that the verifier has to know. */
  readonly material:
    | { readonly kind: "certificates"; readonly ders: readonly [Uint8Array, ...Uint8Array[]] }
    | { readonly kind: "key"; readonly hint: string };
  readonly content: Envelope | MessageSignature;
  readonly entries: readonly LoggedEntry[];
  /** Each a TimeStampResp, DER. */
  readonly timestamps: readonly Uint8Array[];
}

/** The text is not a bundle. */
export interface BundleError {
  readonly code: "bundle_invalid";
  /** Completes "the bundle …". */
  readonly reason: string;
}

/** An attestation of a large build, in base64, has a few MiB. */
export const MAX_BUNDLE_BYTES = 32 * 1024 * 1024;
/** As in sigstore-go. */
const MAX_ITEMS = 32;
/** The longest chain of certificates that a client writes has four. */
const MAX_CERTIFICATES = 16;

const VERSIONS: ReadonlyMap<string, Bundle["version"]> = new Map([
  ["application/vnd.dev.sigstore.bundle+json;version=0.1", "0.1"],
  ["application/vnd.dev.sigstore.bundle+json;version=0.2", "0.2"],
  ["application/vnd.dev.sigstore.bundle+json;version=0.3", "0.3"],
  ["application/vnd.dev.sigstore.bundle.v0.3+json", "0.3"],
]);

/** dev.sigstore.common.v1.HashAlgorithm. A digest of another algorithm cannot be compared. */
const HASH_NAMES = enumeration({ SHA2_256: 1, SHA2_384: 2, SHA2_512: 3 });
const HASH_OF = { SHA2_256: "SHA-256", SHA2_384: "SHA-384", SHA2_512: "SHA-512" } as const;

const CERTIFICATE = message({ rawBytes: bytes }, "ignore");

const BUNDLE = message(
  {
    mediaType: string,
    verificationMaterial: message(
      {
        publicKey: message({ hint: string }, "ignore"),
        x509CertificateChain: message({ certificates: repeated(CERTIFICATE, MAX_CERTIFICATES) }, "ignore"),
        certificate: CERTIFICATE,
        tlogEntries: repeated(LOG_ENTRY, MAX_ITEMS),
        timestampVerificationData: message(
          { rfc3161Timestamps: repeated(message({ signedTimestamp: bytes }, "ignore"), MAX_ITEMS) },
          "ignore",
        ),
      },
      "ignore",
    ),
    messageSignature: message(
      { messageDigest: message({ algorithm: HASH_NAMES, digest: bytes }, "ignore"), signature: bytes },
      "ignore",
    ),
    dsseEnvelope: message(
      {
        payload: bytes,
        payloadType: string,
        signatures: repeated(message({ sig: bytes, keyid: string }, "ignore"), MAX_ITEMS),
      },
      "ignore",
    ),
  },
  "ignore",
);

type BundleMessage = Extract<ReturnType<typeof BUNDLE>, { ok: true }>["value"];
type Material = NonNullable<BundleMessage["verificationMaterial"]>;

/** Ends the parse; caught in parseBundle. */
class Invalid extends Error {}

function fail(reason: string): never {
  throw new Invalid(reason);
}

/** Parses the JSON form of a bundle. Fails with bundle_invalid. */
export function parseBundle(json: Uint8Array): Result<Bundle, BundleError> {
  if (json.length > MAX_BUNDLE_BYTES) return rejectBundle(`is larger than ${MAX_BUNDLE_BYTES} bytes`);
  const parsed = parseJson(json);
  if (!parsed.ok) return rejectBundle(`is not usable JSON (${parsed.error.code})`);
  const decoded = BUNDLE(parsed.value, "");
  if (!decoded.ok) return rejectBundle(describeField(decoded.error));
  try {
    return ok(toBundle(decoded.value));
  } catch (error) {
    if (error instanceof Invalid) return rejectBundle(error.message);
    throw error;
  }
}

const rejectBundle = (reason: string): Result<never, BundleError> => err({ code: "bundle_invalid", reason });

/** Completes "the bundle …" or "the trusted root …". */
export function describeField({ code, path }: FieldError): string {
  const problems: Readonly<Record<FieldError["code"], string>> = {
    field_unknown: "is not a field",
    field_repeated: "appears twice",
    field_type: "has the wrong type or range",
    field_text: "is not text",
    field_bytes: "is not base64",
    field_enum: "has an unknown or unsupported value",
    field_too_many: "has too many items",
  };
  return path === "" ? "is not an object" : `is malformed: ${path} ${problems[code]}`;
}

function toBundle({ mediaType = "", verificationMaterial, messageSignature, dsseEnvelope }: BundleMessage): Bundle {
  const version = VERSIONS.get(mediaType) ?? fail("has a mediaType that is not one of versions 0.1, 0.2 and 0.3");
  const material = verificationMaterial ?? fail("has no verificationMaterial");
  if ((messageSignature === undefined) === (dsseEnvelope === undefined)) {
    fail("must have either a messageSignature or a dsseEnvelope");
  }
  const entries = (material.tlogEntries ?? []).map((entry) => {
    const logged = toLoggedEntry(entry);
    return logged.ok ? logged.value : fail(`has an entry without ${logged.error}`);
  });
  const timestamps = (material.timestampVerificationData?.rfc3161Timestamps ?? []).map(
    ({ signedTimestamp }) => signedTimestamp ?? fail("has an empty timestamp"),
  );
  for (const entry of entries) checkProofs(version, entry);
  return {
    version,
    material: toMaterial(version, material),
    content: dsseEnvelope === undefined ? toMessage(messageSignature ?? fail("is empty")) : toEnvelope(dsseEnvelope),
    entries,
    timestamps,
  };
}

/** Version 0.1 requires a promise for every entry, later versions a proof (sigstore_bundle.proto). */
function checkProofs(version: Bundle["version"], { promise, proof }: LoggedEntry): void {
  if (version === "0.1" && promise === null) fail("has version 0.1 and an entry without an inclusion promise");
  if (version !== "0.1" && proof === null)
    fail(`has version ${version} and an entry without an inclusion proof that has a checkpoint`);
}

function toMaterial(version: Bundle["version"], material: Material): Bundle["material"] {
  const { publicKey, x509CertificateChain, certificate } = material;
  const given = [publicKey, x509CertificateChain, certificate].filter((value) => value !== undefined);
  if (given.length !== 1) fail("must have exactly one of publicKey, certificate and x509CertificateChain");
  if (publicKey !== undefined) return { kind: "key", hint: publicKey.hint ?? "" };
  if (version === "0.3" && x509CertificateChain !== undefined) fail("has version 0.3 and a chain of certificates");
  const certificates = x509CertificateChain?.certificates ?? (certificate === undefined ? [] : [certificate]);
  const [leaf, ...others] = certificates.map(({ rawBytes }) => rawBytes ?? fail("has an empty certificate"));
  return { kind: "certificates", ders: [leaf ?? fail("has no certificate"), ...others] };
}

function toMessage(value: NonNullable<BundleMessage["messageSignature"]>): MessageSignature {
  const { signature, messageDigest } = value;
  const { algorithm, digest } = messageDigest ?? {};
  if (algorithm === undefined || digest === undefined) fail("has a messageSignature without a messageDigest");
  return {
    kind: "message",
    digest: { hash: HASH_OF[algorithm], value: digest },
    signature: signature ?? fail("has no signature"),
  };
}

/** Exactly one signature: a verifier that looks at the first only would be told that all of them count. */
function toEnvelope(value: NonNullable<BundleMessage["dsseEnvelope"]>): Envelope {
  const { payload, payloadType, signatures = [] } = value;
  const [signature] = signatures;
  if (signatures.length !== 1) fail(`must have one signature in its envelope; it has ${signatures.length}`);
  return {
    kind: "envelope",
    payloadType: payloadType ?? "",
    payload: payload ?? fail("has no payload"),
    signature: signature?.sig ?? fail("has no signature"),
  };
}
