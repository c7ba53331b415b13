// SPDX-License-Identifier: Apache-2.0
// alpine 0.0.1: an Alpine package, of which the log keeps the hash and the fields of .PKGINFO, and the key that signed
// it. The signature itself is in the package only.
// Spec: https://github.com/sigstore/rekor/blob/main/pkg/types/alpine/v0.0.1

import { sha256 } from "#sha256";
import { decodeBase64 } from "../../bytes/base64.ts";
import { encodeHex } from "../../bytes/hex.ts";
import { encodeUtf8 } from "../../bytes/utf8.ts";
import { verifyRsaSha1 } from "../../crypto/verify-message.ts";
import { isObject, type JsonObject, member } from "../../json/member.ts";
import { ok, type Result } from "../../result.ts";
import { parseAlpinePackage } from "../apk/package.ts";
import { describeFailures, type EntryProblem, rejectEntry } from "../problem.ts";
import { parseVerifier } from "../verifier.ts";
import type { ProposedEntry, StoredSpec, V1Kind } from "./kind.ts";
import { findHashFailure, findHashProblem } from "./sent-hash.ts";
import { readVerifier } from "./stored-parts.ts";

/** alpine 0.0.1. */
export const ALPINE_001: V1Kind = { parse, readStored };

function parse(spec: JsonObject): Result<ProposedEntry, EntryProblem> {
  const [key, content] = [decodeMember(spec, "publicKey"), decodeMember(spec, "package")];
  if (!key.ok) return rejectEntry("failed parsing base64 data for public key content");
  if (!content.ok) return rejectEntry("failed parsing base64 data for package content");
  const failures = findFailures(spec);
  if (failures.length > 0) return rejectEntry(describeFailures(failures));
  const digest = encodeHex(sha256(content.value));
  const isEmpty = content.value.length === 0;
  const problem = findHashProblem(hashOf(spec), digest, isEmpty ? "package" : null);
  if (problem !== null) return rejectEntry(problem);
  const verifier = parseVerifier(key.value);
  if (!verifier.ok) return verifier;
  const apk = parseAlpinePackage(content.value);
  if (!apk.ok) return rejectEntry(apk.error);
  const { signature, control, fields } = apk.value;
  return ok({
    body: encodeBody(digest, fields, verifier.value.content),
    verifiers: [verifier.value],
    hints: null,
    verify: async () =>
      (await verifyRsaSha1(verifier.value.key, control, signature))
        ? ok(null)
        : rejectEntry("crypto/rsa: verification error"),
  });
}

/** The reference takes a hash without its two texts for none. */
function hashOf(spec: JsonObject): unknown {
  const hash = member(member(spec, "package"), "hash");
  return ["algorithm", "value"].some((name) => typeof member(hash, name) === "string") ? hash : undefined;
}

const decodeMember = (spec: JsonObject, name: string) => decodeBase64(textOf(member(member(spec, name), "content")));

/** The reference's rules of the schema. It takes a key without content for none. */
function findFailures(spec: JsonObject): readonly string[] {
  const { package: sent, publicKey } = spec;
  const failures = [
    isObject(sent) ? findHashFailure(hashOf(spec), "package") : "package in body is required",
    textOf(member(publicKey, "content")) === "" ? "publicKey in body is required" : null,
  ];
  return failures.filter((failure) => failure !== null);
}

/** In the order of RFC 8785: that of UTF-16 code units, which sorts the names of fields. */
function encodeBody(digest: string, fields: Readonly<Record<string, string>>, key: string): Uint8Array {
  const names = Object.keys(fields).toSorted();
  const pairs = names.map((name) => `${JSON.stringify(name)}:${JSON.stringify(fields[name])}`);
  return encodeUtf8(
    `{"apiVersion":"0.0.1","kind":"alpine","spec":{"package":{"hash":{"algorithm":"sha256","value":"${digest}"},` +
      `"pkginfo":{${pairs.join(",")}}},"publicKey":{"content":"${key}"}}}`,
  );
}

function readStored(spec: JsonObject): StoredSpec | null {
  const verifier = readVerifier(member(spec["publicKey"], "content"));
  const digest = textOf(member(member(spec["package"], "hash"), "value"));
  return verifier === null || !/^[0-9a-f]{64}$/.test(digest)
    ? null
    : { signatures: [{ signature: null, verifier }], digests: [`sha256:${digest}`] };
}

const textOf = (value: unknown): string => (typeof value === "string" ? value : "");
