// SPDX-License-Identifier: Apache-2.0
// The life of a signature in a page: key, proof of possession, certificate, signature, timestamp, entry, bundle. Each
// answer is verified before the next step relies on it, and the bundle before anybody gets it.
//
// One sign-in is one token, and a CA may take a token once: the files of a sign-in share one key and one certificate.

import { checkIssued, checkMade, type Issued } from "../../../../shared/bundle/made.ts";
import type { Predicate } from "../../../../shared/bundle/predicate.ts";
import {
  encodeStatement,
  encodeTimestampQuery,
  readLeaf,
  type Signed,
  toBundleJson,
  toCertificateRequest,
  toEntryRequest,
} from "../../../../shared/bundle/signing.ts";
import { equal } from "../../../../shared/bytes/bytes.ts";
import { encodeHex } from "../../../../shared/bytes/hex.ts";
import type { SignedIn } from "../../../../shared/oauth/client/token.ts";
import { IN_TOTO_PAYLOAD_TYPE, preAuthEncoding } from "../../../../shared/rekor/dsse.ts";
import { err, ok, type Result } from "../../../../shared/result.ts";
import type { Deployment } from "./deployment.ts";
import { createEphemeralKey, type EphemeralKey } from "./key.ts";
import { type Following, post, postJson } from "./requests.ts";

/**
 * WebCrypto signs messages that are in memory whole, and no digest of one. The signature of an attestation is over a
 * statement with the digest, so its file may have any size.
 */
export const MAX_PLAIN_BYTES = 1024 * 1024 * 1024;
const NONCE_BYTES = 16;
const encoder = new TextEncoder();

/** A key and its certificate. */
export interface Credential {
  readonly key: EphemeralKey;
  readonly issued: Issued;
}

/** Gets a certificate for the person. The error is the end of a sentence: "…: ERROR". */
export async function certify(
  { origin, root }: Deployment,
  { token, identity }: SignedIn,
  following: Following,
): Promise<Result<Credential, string>> {
  const key = await createEphemeralKey();
  const proof = await key.sign(encoder.encode(identity));
  const request = toCertificateRequest({ token, spki: key.spki, proof });
  const target = { url: `${origin}/api/v2/signingCert`, who: "the certificate authority" };
  const answer = await postJson(target, request, following);
  if (!answer.ok) return answer;
  const leaf = readLeaf(answer.value);
  const issued = leaf.ok ? await checkIssued(leaf.value, { root, spki: key.spki, identity }) : leaf;
  return issued.ok ? ok({ key, issued: issued.value }) : err(`${target.who} ${issued.error}`);
}

/** A file to sign, or to attest something about. */
export interface Subject {
  readonly file: File;
  /** As it was shown to the person. */
  readonly sha256: Uint8Array;
  readonly predicate: Predicate | null;
}

/** A signed file. */
export interface Signature {
  /** The bundle, JSON. */
  readonly text: string;
  readonly logIndex: number;
}

/** Signs one file. The error is the end of a sentence. */
export async function signFile(
  { tsa, log, root }: Deployment,
  { subject, credential }: { readonly subject: Subject; readonly credential: Credential },
  following: Following,
): Promise<Result<Signature, string>> {
  following.tell("signing");
  const prepared = await prepare(subject, credential);
  if (!prepared.ok) return prepared;
  const { signed, statement } = prepared.value;
  following.tell("writing to the log");
  const nonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
  const query = { type: "application/timestamp-query", body: encodeTimestampQuery(signed.signature, nonce) };
  const [timestamp, entry] = await Promise.all([
    post({ url: tsa, who: "the timestamp authority" }, query, following),
    postJson({ url: `${log}/api/v2/log/entries`, who: "the log" }, toEntryRequest(signed), following),
  ]);
  if (!timestamp.ok) return timestamp;
  if (!entry.ok) return entry;
  following.tell("verifying");
  const json = toBundleJson(signed, { entry: entry.value, timestamp: timestamp.value }, statement);
  const text = `${JSON.stringify(json)}\n`;
  const index = await checkMade(text, { root, issued: credential.issued, sha256: subject.sha256 });
  return index.ok ? ok({ text, logIndex: index.value }) : index;
}

interface Prepared {
  readonly signed: Signed;
  /** Null for a signature over the file itself. */
  readonly statement: Uint8Array | null;
}

async function prepare(subject: Subject, { key, issued }: Credential): Promise<Result<Prepared, string>> {
  const { file, sha256, predicate } = subject;
  const { leaf } = issued;
  if (predicate !== null) {
    const named = { name: file.name, sha256: encodeHex(sha256) };
    const statement = encodeStatement(named, predicate.type, predicate.value);
    const envelope = preAuthEncoding(IN_TOTO_PAYLOAD_TYPE, statement);
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", envelope));
    return ok({ signed: { leaf, digest, signature: await key.sign(envelope) }, statement });
  }
  const bytes = await file.arrayBuffer().catch(() => null);
  if (bytes === null) return err("the file cannot be read any more");
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  if (!equal(digest, sha256)) return err("the file has changed since you chose it");
  return ok({ signed: { leaf, digest, signature: await key.sign(bytes) }, statement: null });
}
