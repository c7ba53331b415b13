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
/** More than a CA sets the beginning of a certificate before its issuance. */
const BACKDATED_MS = 10_000;
const encoder = new TextEncoder();

/** A key and its certificate. */
export interface Credential {
  readonly key: EphemeralKey;
  readonly issued: Issued;
  /** When it ends, by the clock of `performance`: nobody can set that one wrong. */
  readonly endsAt: number;
  /** Signatures that are not in the log yet. Another try goes on with them, so that a file has one entry. */
  readonly begun: Map<Subject, Begun>;
}

/** Gets a certificate for the person. The error is the end of a sentence: "…: ERROR". */
export async function certify(
  { origin, root }: Deployment,
  { token, identity }: SignedIn,
  following: Following,
): Promise<Result<Credential, string>> {
  const key = await createEphemeralKey();
  const startedAt = performance.now();
  const proof = await key.sign(encoder.encode(identity));
  const request = toCertificateRequest({ token, spki: key.spki, proof });
  const target = { url: `${origin}/api/v2/signingCert`, who: "the certificate authority" };
  const answer = await postJson(target, request, following);
  if (!answer.ok) return answer;
  const leaf = readLeaf(answer.value);
  const issued = leaf.ok ? await checkIssued(leaf.value, { root, spki: key.spki, identity }) : leaf;
  return issued.ok
    ? ok({ key, issued: issued.value, endsAt: startedAt + issued.value.lifetimeMs - BACKDATED_MS, begun: new Map() })
    : err(`${target.who} ${issued.error}`);
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
  { subject, credential }: Work,
  following: Following,
): Promise<Result<Signature, string>> {
  const begun = await beginSignature(tsa, { subject, credential }, following);
  if (!begun.ok) return begun;
  const { signed, statement, timestamp } = begun.value;
  following.tell("writing to the log");
  const target = { url: `${log}/api/v2/log/entries`, who: "the log" };
  const entry = await postJson(target, toEntryRequest(signed), following);
  if (!entry.ok) return entry;
  following.tell("verifying");
  const text = `${JSON.stringify(toBundleJson(signed, { entry: entry.value, timestamp }, statement))}\n`;
  const index = await checkMade(text, { root, issued: credential.issued, sha256: subject.sha256 });
  credential.begun.delete(subject);
  return index.ok ? ok({ text, logIndex: index.value }) : index;
}

interface Work {
  readonly subject: Subject;
  readonly credential: Credential;
}

/** Everything that a bundle needs beside the entry. An entry is public forever, so it comes last. */
interface Begun extends Prepared {
  readonly timestamp: Uint8Array;
}

async function beginSignature(
  tsa: string,
  { subject, credential }: Work,
  following: Following,
): Promise<Result<Begun, string>> {
  const earlier = credential.begun.get(subject);
  if (earlier !== undefined) return ok(earlier);
  following.tell("signing");
  const prepared = await prepare(subject, credential);
  if (!prepared.ok) return prepared;
  following.tell("asking for a timestamp");
  const nonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
  const body = encodeTimestampQuery(prepared.value.signed.signature, nonce);
  const query = { type: "application/timestamp-query", body };
  const timestamp = await post({ url: tsa, who: "the timestamp authority" }, query, following);
  if (!timestamp.ok) return timestamp;
  const begun = { ...prepared.value, timestamp: timestamp.value };
  credential.begun.set(subject, begun);
  return ok(begun);
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
