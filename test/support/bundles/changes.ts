// SPDX-License-Identifier: Apache-2.0
// Changes that make one case of another: the kinds of forgery and damage that sigstore-conformance has, under their
// names there, made of the bundles of cases.ts. A change that leaves the bundle valid says so.
// Spec: https://github.com/sigstore/sigstore-conformance, test/assets/bundle-verify

import type { CheckName } from "../../../shared/bundle/check.ts";
import type { BundleCase } from "./cases.ts";

/** JSON that a change may edit. The vectors are known, so a wrong path is a bug of the test and throws. */
// oxlint-disable-next-line typescript/no-explicit-any -- a change edits JSON of a known shape
type Json = any;

/** A named change of a bundle, a trusted root or the artifact. */
export interface Change {
  /** As in sigstore-conformance, without `_fail`. */
  readonly name: string;
  /** The start of the name of the case that is changed. */
  readonly of: string;
  readonly bundle?: (bundle: Json, other: (name: string) => Json) => void;
  readonly root?: (root: Json) => void;
  /** Changes the case as a whole. */
  readonly given?: (one: BundleCase) => BundleCase;
  /** The checks that fail, or null if the bundle stays good. */
  readonly fails: readonly CheckName[] | null;
}

const V1 = "cosign-v3-blob";
const V1_DSSE = "happy-path-dsse";
const V1_INTOTO = "sigstore.js";
const V2 = "rekor2-happy-path";
const V2_DSSE = "rekor2-dsse-happy-path";

const entryOf = (bundle: Json): Json => bundle.verificationMaterial.tlogEntries[0];
const stampOf = (bundle: Json): Json => bundle.verificationMaterial.timestampVerificationData.rfc3161Timestamps[0];

/** Flips the lowest bit of one byte of a value in base64. */
function flip(base64: string, at = 40): string {
  const bytes = Buffer.from(base64, "base64");
  bytes[at % bytes.length] = (bytes[at % bytes.length] ?? 0) ^ 1;
  return bytes.toString("base64");
}

function editCheckpoint(edit: (lines: string[]) => string[]): (bundle: Json) => void {
  return (bundle) => {
    const { checkpoint } = entryOf(bundle).inclusionProof;
    checkpoint.envelope = edit(checkpoint.envelope.split("\n")).join("\n");
  };
}

const HOST = "log2025-alpha1.rekor.sigstage.dev";
const COSIGNATURE = `— witness.example ${Buffer.alloc(76, 7).toString("base64")}`;
const OTHER_LOG_LINE = `— ${HOST} ${Buffer.alloc(76, 9).toString("base64")}`;

const toPem = (label: string, der: string): string =>
  Buffer.from(`-----BEGIN ${label}-----\n${der}\n-----END ${label}-----\n`).toString("base64");

/** Edits the body that the log signed: its hash changes with it. */
function editBody(edit: (body: Json) => void): (bundle: Json) => void {
  return (bundle) => {
    const entry = entryOf(bundle);
    const body = JSON.parse(Buffer.from(entry.canonicalizedBody, "base64").toString());
    edit(body);
    entry.canonicalizedBody = Buffer.from(JSON.stringify(body)).toString("base64");
  };
}

/** Every change. */
export const CHANGES: readonly Change[] = [
  {
    name: "bundle-malformed-json",
    of: V1,
    given: (one) => ({ ...one, bundle: one.bundle.slice(0, 4000) }),
    fails: ["bundle"],
  },
  {
    name: "bundle-unknown-version",
    of: V1,
    bundle: (b) => {
      b.mediaType = "application/vnd.dev.sigstore.bundle+json;version=99.9";
    },
    fails: ["bundle"],
  },
  {
    name: "bundle-invalid-base64-signature",
    of: V1,
    bundle: (b) => {
      b.messageSignature.signature += "!";
    },
    fails: ["bundle"],
  },
  {
    name: "bundle-negative-log-index",
    of: V1,
    bundle: (b) => {
      entryOf(b).logIndex = "-1";
    },
    fails: ["bundle"],
  },
  {
    name: "bundle-empty-certificate-chain",
    of: V1_INTOTO,
    bundle: (b) => {
      b.verificationMaterial.x509CertificateChain.certificates = [];
    },
    fails: ["bundle"],
  },
  {
    name: "bundle-with-root-cert",
    of: V1_INTOTO,
    bundle: (b, other) => {
      b.verificationMaterial.x509CertificateChain.certificates.push(other("root"));
    },
    fails: ["certificate"],
  },
  {
    name: "bundle-from-wrong-instance",
    of: V1,
    given: (one) => ({ ...one, root: STAGING.root }),
    fails: ["checkpoint", "certificate", "promise"],
  },
  {
    name: "checkpoint-bad-keyhint",
    of: V1,
    bundle: editCheckpoint((lines) => lines.map((l) => (l.startsWith("—") ? l.replace("wNI9", "xNI9") : l))),
    fails: ["checkpoint"],
  },
  {
    name: "checkpoint-wrong-roothash",
    of: V1,
    bundle: (b, other) => {
      entryOf(b).inclusionProof.checkpoint = entryOf(other(V1_DSSE)).inclusionProof.checkpoint;
    },
    fails: ["checkpoint"],
  },
  {
    name: "invalid-checkpoint-signature",
    of: V1,
    bundle: editCheckpoint((lines) =>
      lines.map((l) => (l.startsWith("—") ? `${l.slice(0, -12)}AAAA${l.slice(-8)}` : l)),
    ),
    fails: ["checkpoint"],
  },
  {
    name: "inclusion-proof-corrupted-hash",
    of: V1,
    bundle: (b) => {
      const { hashes } = entryOf(b).inclusionProof;
      hashes[0] = flip(hashes[0], 3);
    },
    fails: ["inclusion"],
  },
  {
    name: "invalid-inclusion-proof",
    of: V1,
    bundle: (b, other) => {
      entryOf(b).inclusionProof = entryOf(other(V1_DSSE)).inclusionProof;
    },
    fails: ["inclusion"],
  },
  {
    name: "set-invalid-signature",
    of: V1,
    bundle: (b) => {
      const p = entryOf(b).inclusionPromise;
      p.signedEntryTimestamp = flip(p.signedEntryTimestamp);
    },
    fails: ["promise"],
  },
  {
    name: "integrated-time-in-future",
    of: V1,
    bundle: (b) => {
      entryOf(b).integratedTime = "4102444800";
    },
    fails: ["promise"],
  },
  {
    name: "intoto-missing-inclusion-proof",
    of: V1_DSSE,
    bundle: (b) => {
      entryOf(b).inclusionProof = null;
    },
    fails: ["bundle"],
  },
  {
    name: "signature-mismatch",
    of: V1,
    bundle: (b) => {
      b.messageSignature.signature = flip(b.messageSignature.signature);
    },
    fails: ["signature", "entry"],
  },
  {
    name: "message-digest-mismatch",
    of: V1,
    bundle: (b) => {
      b.messageSignature.messageDigest.digest = flip(b.messageSignature.messageDigest.digest, 0);
    },
    fails: ["artifact"],
  },
  {
    name: "wrong-material",
    of: V1,
    given: (one) => ({ ...one, artifact: "00".repeat(32) }),
    fails: ["artifact", "signature", "entry"],
  },
  {
    name: "incorrect-public-key",
    of: V1,
    bundle: editBody((body) => {
      body.spec.signature.publicKey.content = toPem("CERTIFICATE", STAGING.leaf);
    }),
    fails: ["entry", "inclusion", "promise"],
  },
  {
    name: "wrong-hashedrekord-entry",
    of: "invalid-ct-key.json with public-good",
    bundle: (b, other) => {
      b.verificationMaterial.tlogEntries = other(V1).verificationMaterial.tlogEntries;
    },
    fails: ["entry"],
  },
  {
    name: "dsse-invalid-sig",
    of: V1_DSSE,
    bundle: (b) => {
      const [s] = b.dsseEnvelope.signatures;
      s.sig = flip(s.sig);
    },
    fails: ["signature", "entry"],
  },
  {
    name: "dsse-mismatch-envelope",
    of: V1_DSSE,
    bundle: (b, other) => {
      b.dsseEnvelope = other(V1_INTOTO).dsseEnvelope;
    },
    fails: ["signature", "entry"],
  },
  {
    name: "rekor2-dsse-invalid-sig",
    of: V2_DSSE,
    bundle: (b) => {
      const [s] = b.dsseEnvelope.signatures;
      s.sig = flip(s.sig);
    },
    fails: ["signature", "entry", "timestamp"],
  },
  {
    name: "rekor2-dsse-mismatch-envelope",
    of: V2_DSSE,
    bundle: (b, other) => {
      b.dsseEnvelope = other(V1_DSSE).dsseEnvelope;
    },
    fails: ["signature", "entry", "timestamp"],
  },
  {
    name: "rekor2-no-inclusion-proof",
    of: V2,
    bundle: (b) => {
      delete entryOf(b).inclusionProof;
    },
    fails: ["bundle"],
  },
  {
    name: "rekor2-no-timestamp",
    of: V2,
    bundle: (b) => {
      delete b.verificationMaterial.timestampVerificationData;
    },
    fails: ["time"],
  },
  {
    name: "rekor2-timestamp-payload-mismatch",
    of: V2,
    bundle: (b, other) => {
      stampOf(b).signedTimestamp = stampOf(other("staging-rekor-v2.json")).signedTimestamp;
    },
    fails: ["timestamp"],
  },
  {
    name: "rekor2-timestamp-untrusted-tsa",
    of: V2,
    root: (r) => {
      r.timestampAuthorities = [];
    },
    fails: ["timestamp"],
  },
  {
    name: "rekor2-timestamp-outside-trust-root-tsa-validity",
    of: V2,
    root: (r) => {
      r.timestampAuthorities[0].validFor.end = "2025-06-01T00:00:00Z";
    },
    fails: ["timestamp"],
  },
  {
    name: "intoto-expired-certificate",
    of: V2,
    root: (r) => {
      for (const ca of r.certificateAuthorities) ca.validFor.end = "2025-06-01T00:00:00Z";
    },
    fails: ["certificate"],
  },
  {
    name: "rekor2-checkpoint-missing-origin",
    of: V2,
    bundle: editCheckpoint((lines) => lines.slice(1)),
    fails: ["checkpoint"],
  },
  {
    name: "rekor2-checkpoint-missing-size",
    of: V2,
    bundle: editCheckpoint((lines) => lines.toSpliced(1, 1)),
    fails: ["checkpoint"],
  },
  {
    name: "rekor2-checkpoint-missing-root-hash",
    of: V2,
    bundle: editCheckpoint((lines) => lines.toSpliced(2, 1)),
    fails: ["checkpoint"],
  },
  {
    name: "rekor2-checkpoint-missing-log-signature",
    of: V2,
    bundle: editCheckpoint((lines) => [...lines.slice(0, 4), ""]),
    fails: ["checkpoint"],
  },
  {
    name: "rekor2-checkpoint-no-matching-signature",
    of: V2,
    bundle: editCheckpoint((lines) => lines.map((l) => (l.startsWith("—") ? l.replace("sigstage", "github.") : l))),
    fails: ["checkpoint"],
  },
  {
    name: "rekor2-checkpoint-cosigned",
    of: V2,
    bundle: editCheckpoint((lines) => lines.toSpliced(-1, 0, COSIGNATURE)),
    fails: null,
  },
  {
    name: "rekor2-checkpoint-origin-not-first",
    of: V2,
    bundle: editCheckpoint((lines) => lines.toSpliced(4, 0, COSIGNATURE)),
    fails: null,
  },
  {
    name: "rekor2-checkpoint-two-sigs-from-origin",
    of: V2,
    bundle: editCheckpoint((lines) => lines.toSpliced(4, 0, OTHER_LOG_LINE)),
    fails: null,
  },
  {
    name: "trust-root-tlog-missing-validity-start",
    of: V2,
    root: (r) => {
      for (const log of r.tlogs) delete log.publicKey.validFor.start;
    },
    fails: [],
  },
  {
    name: "trust-root-tsa-validity-end-inclusive",
    of: V2,
    root: (r) => {
      r.timestampAuthorities[0].validFor.end = "2025-06-12T12:02:20Z";
    },
    fails: null,
  },
  {
    name: "trust-root-tsa-validity-end-before",
    of: V2,
    root: (r) => {
      r.timestampAuthorities[0].validFor.end = "2025-06-12T12:02:19Z";
    },
    fails: ["timestamp"],
  },
  {
    name: "trust-root-tlog-retired-before",
    of: V2,
    root: (r) => {
      for (const log of r.tlogs) log.publicKey.validFor.end = "2025-06-12T12:02:19Z";
    },
    fails: ["time"],
  },
  {
    name: "managed-key-wrong-key",
    of: "managed-key",
    given: (one) => ({ ...one, key: one.key?.replace("i/SRgURZ", "i/SRgURa") ?? null }),
    fails: [],
  },
  {
    name: "another-identity",
    of: V1,
    given: (one) => ({ ...one, signer: { identity: "vollprecht@gmail.com", issuer: one.signer?.issuer ?? "" } }),
    fails: ["identity"],
  },
  {
    name: "another-issuer",
    of: V1,
    given: (one) => ({
      ...one,
      signer: { identity: one.signer?.identity ?? "", issuer: "https://github.com/login/oauth/" },
    }),
    fails: ["issuer"],
  },
];

/** Set by applyChange from the cases. */
const STAGING: { root: Uint8Array; leaf: string } = { root: new Uint8Array(0), leaf: "" };

/** Makes the changed case. */
export function applyChange(change: Change, cases: readonly BundleCase[]): BundleCase {
  const find = (name: string): BundleCase => {
    const found = cases.find((one) => one.name.startsWith(name));
    if (found === undefined) throw new Error(`there is no case ${name}`);
    return found;
  };
  const parse = (bytes: Uint8Array): Json => JSON.parse(Buffer.from(bytes).toString());
  const staging = find("staging-rekor-v2.json");
  STAGING.root = staging.root;
  STAGING.leaf = parse(staging.bundle).verificationMaterial.certificate.rawBytes;
  const one = find(change.of);
  const [bundle, root] = [parse(one.bundle), parse(one.root)];
  const other = (name: string): Json =>
    name === "root"
      ? parse(one.root).certificateAuthorities.at(-1).certChain.certificates.at(-1)
      : parse(find(name).bundle);
  change.bundle?.(bundle, other);
  change.root?.(root);
  const encode = (json: Json): Uint8Array => Buffer.from(JSON.stringify(json));
  const changed = {
    ...one,
    name: change.name,
    bundle: encode(bundle),
    root: encode(root),
    isGood: change.fails === null,
  };
  return change.given?.(changed) ?? changed;
}
