// SPDX-License-Identifier: Apache-2.0
// rekord 0.0.1: a file with its detached signature, in one of several formats of keys. The log keeps the file's hash.
// Spec: https://github.com/sigstore/rekor/blob/main/pkg/types/rekord/v0.0.1

import { sha256 } from "#sha256";
import { decodeBase64, encodeBase64 } from "../../bytes/base64.ts";
import { encodeHex } from "../../bytes/hex.ts";
import { encodeUtf8 } from "../../bytes/utf8.ts";
import { isObject, type JsonObject, member } from "../../json/member.ts";
import { ok, type Result } from "../../result.ts";
import type { PkiFormat } from "../pki/format.ts";
import { findFormat } from "../pki/formats.ts";
import { describeFailures, type EntryProblem, rejectEntry } from "../problem.ts";
import type { ProposedEntry, StoredSpec, V1Kind } from "./kind.ts";
import { findHashFailure, findHashProblem } from "./sent-hash.ts";

/** rekord 0.0.1. */
export const REKORD_001: V1Kind = { parse, readStored };

function parse(spec: JsonObject): Result<ProposedEntry, EntryProblem> {
  const sent = readSent(spec);
  if (!sent.ok) return sent;
  const failures = findFailures(spec);
  if (failures.length > 0) return rejectEntry(describeFailures(failures));
  const { data, signature: content, key } = sent.value;
  const digest = encodeHex(sha256(data));
  const problem = findHashProblem(member(member(spec, "data"), "hash"), digest, data.length === 0 ? "data" : null);
  if (problem !== null) return rejectEntry(problem);
  const name = textOf(member(member(spec, "signature"), "format"));
  const format = findFormat(name);
  if (format === null) return rejectEntry(`${name} is not a supported PKI format`);
  const signed = parseSigned(format, content, key);
  if (!signed.ok) return signed;
  const { verifier, signature } = signed.value;
  return ok({
    body: encodeBody({ digest, name, signature: signature.canonical, key: verifier.content }),
    verifiers: [verifier],
    hints: null,
    verify: () => signature.verify(data),
  });
}

interface Sent {
  readonly data: Uint8Array;
  readonly signature: Uint8Array;
  readonly key: Uint8Array;
}

/** Reads the three members in base64; one that is absent is empty. */
function readSent(spec: JsonObject): Result<Sent, EntryProblem> {
  const sent = member(spec, "signature");
  const signature = decodeBase64(textOf(member(sent, "content")));
  if (!signature.ok) return rejectEntry("failed parsing base64 data for signature content");
  const key = decodeBase64(textOf(member(member(sent, "publicKey"), "content")));
  if (!key.ok) return rejectEntry("failed parsing base64 data for signature publicKey content");
  const data = decodeBase64(textOf(member(member(spec, "data"), "content")));
  if (!data.ok) return rejectEntry("failed parsing base64 data for data content");
  return ok({ data: data.value, signature: signature.value, key: key.value });
}

const FORMATS = ["pgp", "minisign", "x509", "ssh"];

/** The reference's rules of the schema: the first that `data` breaks, and the first that `signature` breaks. */
function findFailures(spec: JsonObject): readonly string[] {
  const { data, signature } = spec;
  const failures = [
    isObject(data) ? findHashFailure(member(data, "hash"), "data") : "data in body is required",
    isObject(signature) ? findSignatureFailure(signature) : "signature in body is required",
  ];
  return failures.filter((failure) => failure !== null);
}

function findSignatureFailure({ content, format, publicKey }: JsonObject): string | null {
  if (textOf(content) === "") return "signature.signature.content in body is required";
  if (typeof format !== "string") return "signature.signature.format in body is required";
  if (!FORMATS.includes(format)) return `signature.signature.format in body should be one of [${FORMATS.join(" ")}]`;
  if (!isObject(publicKey)) return "signature.signature.publicKey in body is required";
  return textOf(member(publicKey, "content")) === ""
    ? "signature.signature.publicKey.signature.publicKey.content in body is required"
    : null;
}

function parseSigned(format: PkiFormat, content: Uint8Array, key: Uint8Array) {
  const verifier = format.parseKey(key);
  if (!verifier.ok) return verifier;
  const signature = format.parseSignature(content, verifier.value);
  return signature.ok ? ok({ verifier: verifier.value, signature: signature.value }) : signature;
}

/** The parts of a body: all are ASCII that JSON does not escape. */
interface Body {
  readonly digest: string;
  readonly name: string;
  readonly signature: Uint8Array;
  readonly key: string;
}

/** In the order of RFC 8785. */
const encodeBody = ({ digest, name, signature, key }: Body): Uint8Array =>
  encodeUtf8(
    `{"apiVersion":"0.0.1","kind":"rekord","spec":{"data":{"hash":{"algorithm":"sha256","value":"${digest}"}},` +
      `"signature":{"content":"${encodeBase64(signature)}","format":"${name}","publicKey":{"content":"${key}"}}}}`,
  );

function readStored(spec: JsonObject): StoredSpec | null {
  const { signature: sent, data } = spec;
  const format = findFormat(textOf(member(sent, "format")));
  const signature = decodeBase64(textOf(member(sent, "content")));
  const key = decodeBase64(textOf(member(member(sent, "publicKey"), "content")));
  const verifier = key.ok ? format?.parseKey(key.value) : null;
  const digest = textOf(member(member(data, "hash"), "value"));
  return !signature.ok || verifier?.ok !== true || !/^[0-9a-f]{64}$/.test(digest)
    ? null
    : { signatures: [{ signature: signature.value, verifier: verifier.value }], digests: [`sha256:${digest}`] };
}

const textOf = (value: unknown): string => (typeof value === "string" ? value : "");
