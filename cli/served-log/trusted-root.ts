// SPDX-License-Identifier: Apache-2.0
// The parts of a Sigstore trusted root that an audit or a monitor needs: the keys of logs, the certificate authorities
// and the timestamp authorities, with the ends of their validity. Other members are ignored, and so are rows that lack
// what is needed.
// Spec: https://github.com/sigstore/protobuf-specs/blob/main/protos/sigstore_trustroot.proto (TrustedRoot)

import { decodeBase64 } from "../../shared/bytes/base64.ts";
import { items, member } from "../../shared/json/member.ts";
import { parseJson } from "../../shared/json/parse.ts";
import { findListedKind, LOG_KINDS, type LogKind, mapKinds } from "../../shared/logs/kinds.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import { type UnixMs, unixMs } from "../../shared/time.ts";
import { type Certificate, parseCertificate } from "../../shared/x509/certificate.ts";

/** A log of a trusted root. */
export interface LogInstance {
  /** Without a trailing slash. */
  readonly baseUrl: string;
  /** SubjectPublicKeyInfo, DER. */
  readonly spki: Uint8Array;
  /** Until when the key is trusted; null without an end. */
  readonly end: UnixMs | null;
}

/** A certificate authority or a timestamp authority of a trusted root. */
export interface Authority {
  /** The issuing CA first; the timestamp authority itself. */
  readonly chain: readonly Certificate[];
  readonly start: UnixMs | null;
  readonly end: UnixMs | null;
}

/** A trusted root. */
export interface TrustedRoot {
  readonly logs: Readonly<Record<LogKind, readonly LogInstance[]>>;
  readonly authorities: readonly Authority[];
  readonly timestampAuthorities: readonly Authority[];
}

/** Reads a trusted root. The error is a line for the operator. */
export function readTrustedRoot(json: Uint8Array): Result<TrustedRoot, string> {
  const root = parseJson(json);
  if (!root.ok) return err("the trusted root is not well-formed JSON");
  const logsOf = (kind: LogKind): readonly LogInstance[] => {
    const { trustedRootMember } = LOG_KINDS[kind];
    const listed = items(root.value, trustedRootMember).flatMap(readLog);
    return listed.filter(({ baseUrl }) => findListedKind(trustedRootMember, baseUrl) === kind);
  };
  const authoritiesOf = (name: string): readonly Authority[] => items(root.value, name).flatMap(readAuthority);
  return ok({
    logs: mapKinds(logsOf),
    authorities: authoritiesOf("certificateAuthorities"),
    timestampAuthorities: authoritiesOf("timestampAuthorities"),
  });
}

function readLog(instance: unknown): readonly LogInstance[] {
  const baseUrl = member(instance, "baseUrl");
  const publicKey = member(instance, "publicKey");
  const spki = bytesOf(publicKey);
  if (typeof baseUrl !== "string" || spki === null) return [];
  return [{ baseUrl: baseUrl.replace(/\/$/, ""), spki, end: timeOf(publicKey, "end") }];
}

function readAuthority(authority: unknown): readonly Authority[] {
  const ders = items(member(authority, "certChain"), "certificates").map(bytesOf);
  const chain = ders.flatMap((der) => {
    const certificate = der === null ? null : parseCertificate(der);
    return certificate?.ok === true ? [certificate.value] : [];
  });
  return chain.length === 0 || chain.length < ders.length
    ? []
    : [{ chain, start: timeOf(authority, "start"), end: timeOf(authority, "end") }];
}

function bytesOf(json: unknown): Uint8Array | null {
  const text = member(json, "rawBytes");
  const bytes = typeof text === "string" ? decodeBase64(text) : null;
  return bytes?.ok === true ? bytes.value : null;
}

function timeOf(json: unknown, name: "start" | "end"): UnixMs | null {
  const text = member(member(json, "validFor"), name);
  const time = typeof text === "string" ? Date.parse(text) : Number.NaN;
  return Number.isSafeInteger(time) && time >= 0 ? unixMs(time) : null;
}
