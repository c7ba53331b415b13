// SPDX-License-Identifier: Apache-2.0
// POST /api/v1/timestamp: a time-stamp token for a digest, requested in DER or JSON.
// Spec: RFC 3161 §2.4, §3.4; https://github.com/sigstore/timestamp-authority/blob/main/openapi.yaml

import { readBody } from "../../shared/http/body.ts";
import { maxBodyBytesOf } from "../../shared/http/route.ts";
import { err, type Result } from "../../shared/result.ts";
import { type UnixMs, unixMs } from "../../shared/time.ts";
import { parseJsonTimestampRequest } from "../../shared/tsa/json-request.ts";
import { parseTimestampRequest, type Rejection, type TimestampRequest } from "../../shared/tsa/request.ts";
import { encodeRejection, grantTimestamp } from "../../shared/tsa/response.ts";
import type { Certificate } from "../../shared/x509/certificate.ts";
import { ROUTES } from "./declaration.ts";
import type { Config } from "./env.ts";
import { renderError, type TsaError } from "./status.ts";

interface Format {
  readonly maxBytes: number;
  readonly parse: (body: Uint8Array) => Result<TimestampRequest, TsaError | Rejection>;
}

const MAX_BODY_BYTES = maxBodyBytesOf(ROUTES, "timestamp");

/** Request formats by media type. The reference allows 1024 bytes of JSON. */
const FORMATS: ReadonlyMap<string, Format> = new Map([
  ["application/timestamp-query", { maxBytes: MAX_BODY_BYTES, parse: parseTimestampRequest }],
  ["application/json", { maxBytes: 1024, parse: parseJsonTimestampRequest }],
]);

/** At most 160 bits (RFC 3161 §2.4.2). */
const SERIAL_BYTES = 20;

/**
 * Answers 200 with a TimeStampResp. A well-formed DER request that is not served gets one too, with status rejection,
 * as RFC 3161 requires. A JSON client would store that as its timestamp, so it gets 400, as malformed requests do.
 */
export async function serveTimestamp(request: Request, { authority }: Config): Promise<Response> {
  const query = await readRequest(request);
  if (!query.ok) {
    const { error } = query;
    return error.code === "timestamp_rejected" ? renderReply(encodeRejection(error)) : renderError(error);
  }
  // Read the clock only now: the token states that the digest existed at this time.
  const now = unixMs(Date.now());
  if (!isValidAt(authority.certificate, now)) {
    const { notBefore, notAfter } = authority.certificate;
    return renderError({ code: "timestamp_certificate_not_valid", notBefore, notAfter });
  }
  return renderReply(await grantTimestamp(query.value, authority, { genTime: now, serialNumber: randomSerial() }));
}

async function readRequest(request: Request): Promise<Result<TimestampRequest, TsaError | Rejection>> {
  const [mediaType = ""] = (request.headers.get("content-type") ?? "").split(";");
  const format = FORMATS.get(mediaType.trim().toLowerCase());
  if (format === undefined) return err({ code: "timestamp_type_unknown" });
  const body = await readBody(request, format.maxBytes);
  return body.ok ? format.parse(body.value) : body;
}

const isValidAt = ({ notBefore, notAfter }: Certificate, now: UnixMs): boolean => notBefore <= now && now <= notAfter;

/** Generates 158 random bits below a set bit, so that all serials are positive and have one length. */
function randomSerial(): Uint8Array {
  const serial = crypto.getRandomValues(new Uint8Array(SERIAL_BYTES));
  serial[0] = 0x40 | ((serial[0] ?? 0) & 0x3f);
  return serial;
}

/** Renders a TimeStampResp. gitsign requires exactly this type and the length. */
function renderReply(response: Uint8Array<ArrayBuffer>): Response {
  const headers = {
    "content-type": "application/timestamp-reply",
    "content-length": String(response.length),
    "cache-control": "no-store",
  };
  return new Response(response, { headers });
}
