// SPDX-License-Identifier: Apache-2.0
// POST /api/v1/timestamp: a time-stamp token for a digest, asked for in DER or in JSON.
// Spec: RFC 3161 §2.4, §3.4; https://github.com/sigstore/timestamp-authority/blob/main/openapi.yaml

import { readBody } from "../../shared/http/body.ts";
import { err, type Result } from "../../shared/result.ts";
import { type UnixMs, unixMs } from "../../shared/time.ts";
import { parseJsonTimestampRequest } from "../../shared/tsa/json-request.ts";
import { parseTimestampRequest, type Rejection, type TimestampRequest } from "../../shared/tsa/request.ts";
import { encodeRejection, grantTimestamp } from "../../shared/tsa/response.ts";
import type { Certificate } from "../../shared/x509/certificate.ts";
import type { Config } from "./env.ts";
import { renderError, type TsaError } from "./status.ts";

interface Form {
  readonly maxBodyBytes: number;
  readonly parse: (body: Uint8Array) => Result<TimestampRequest, TsaError | Rejection>;
}

/** Media type → how its body is read. A query needs some 100 bytes; the reference allows 1024 of JSON. */
const FORMS: ReadonlyMap<string, Form> = new Map([
  ["application/timestamp-query", { maxBodyBytes: 2048, parse: parseTimestampRequest }],
  ["application/json", { maxBodyBytes: 1024, parse: parseJsonTimestampRequest }],
]);

/** 160 bits at most (RFC 3161 §2.4.2). */
const SERIAL_BYTES = 20;

/**
 * 200 with a TimeStampResp. A DER query that can be read and is not served gets one too, with status rejection, as RFC 3161
 * has it; a client of the JSON form would keep that as its timestamp, so it gets 400, like whoever sends what cannot be read.
 */
export async function timestamp(request: Request, { authority }: Config): Promise<Response> {
  const query = await readRequest(request);
  if (!query.ok)
    return query.error.code === "timestamp_rejected" ? reply(encodeRejection(query.error)) : renderError(query.error);
  // Only now, when the request is here: the token says that the digest existed at this time.
  const now = unixMs(Date.now());
  if (!isValidAt(authority.certificate, now)) {
    const { notBefore, notAfter } = authority.certificate;
    return renderError({ code: "timestamp_certificate_not_valid", notBefore, notAfter });
  }
  return reply(await grantTimestamp(query.value, authority, { genTime: now, serialNumber: randomSerial() }));
}

async function readRequest(request: Request): Promise<Result<TimestampRequest, TsaError | Rejection>> {
  const [mediaType = ""] = (request.headers.get("content-type") ?? "").split(";");
  const form = FORMS.get(mediaType.trim().toLowerCase());
  if (form === undefined) return err({ code: "timestamp_type_unknown" });
  const body = await readBody(request, form.maxBodyBytes);
  if (!body.ok) return err({ code: "timestamp_query_too_large", maxBodyBytes: form.maxBodyBytes });
  return form.parse(body.value);
}

const isValidAt = ({ notBefore, notAfter }: Certificate, now: UnixMs): boolean => notBefore <= now && now <= notAfter;

/** 158 random bits below a set one, so that every serial is positive and of one length. */
function randomSerial(): Uint8Array {
  const serial = crypto.getRandomValues(new Uint8Array(SERIAL_BYTES));
  serial[0] = 0x40 | ((serial[0] ?? 0) & 0x3f);
  return serial;
}

/** gitsign needs exactly this type and the length. */
function reply(response: Uint8Array<ArrayBuffer>): Response {
  const headers = {
    "content-type": "application/timestamp-reply",
    "content-length": String(response.length),
    "cache-control": "no-store",
  };
  return new Response(response, { headers });
}
