// SPDX-License-Identifier: Apache-2.0
// Rules for every answer, whatever was asked: no failure, an honest "not now", readable by pages where its route is,
// and in the format that it names.

import { gunzipSync } from "node:zlib";
import { isObject } from "../../../shared/json/member.ts";
import { pageAccessOf } from "../../../workers/front/routes.ts";
import type { Answer } from "./client.ts";
import type { Draft } from "./mutations.ts";

const MAX_ERROR_BYTES = 4096;
/** A page holds its style. */
const MAX_ERROR_PAGE_BYTES = 16_384;
/** Wrong methods on the routes of Fulcio and Rekor. */
const NOT_IMPLEMENTED = 501;
const NOT_NOW: ReadonlySet<number> = new Set([429, 503]);
/** The routes whose errors are those of grpc-gateway. */
const GATEWAY = /^\/api\/v[12]\/(signingCert|trustBundle|configuration|rootCert|log\/entries)$/;
/** Rekor v1 says nothing about an entry that is not there. */
const V1_ENTRY = /\/api\/v1\/log\/entries(\/[^/]+)?\/?$/;
// oxlint-disable-next-line no-control-regex -- what a message quotes must not reach a terminal as a command
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/;

/** Traces that a missing value leaves in a template of JavaScript. */
const BROKEN = /\bundefined\b|\bNaN\b|\[object \w+\]|\[native code\]/;

/** Returns what is wrong with an answer, null if nothing is. */
export function faultOf(draft: Draft, answer: Answer): string | null {
  const { status, headers } = answer;
  const isNotNow = NOT_NOW.has(status);
  if (status < 200 || (status >= 500 && status !== NOT_IMPLEMENTED && !isNotNow)) return `status ${status}`;
  if (isNotNow && headers["retry-after"] === undefined) return `status ${status} without Retry-After`;
  if (isReadable(draft) && headers["access-control-allow-origin"] !== "*") return `status ${status} without CORS`;
  if (draft.method === "HEAD" || status === 304 || status === 204) return null;
  const text = decodedBody(answer);
  if (text === null) return "a body that is not what its content-encoding says";
  return status >= 400 ? errorFault(draft, answer, text) : formatFault(answer, text);
}

/** Whether the request asks for a declared path that pages may read. */
function isReadable({ method, path, declaredPath }: Draft): boolean {
  const access = path.split("?")[0] === declaredPath ? pageAccessOf(declaredPath) : "declared";
  return access === "all" || (access === "read" && (method === "GET" || method === "HEAD"));
}

function decodedBody({ headers, body }: Answer): Buffer | null {
  if (headers["content-encoding"] === undefined) return body;
  try {
    return gunzipSync(body);
  } catch {
    return null;
  }
}

function errorFault(draft: Draft, answer: Answer, body: Buffer): string | null {
  const { path, declaredPath } = draft;
  const { status } = answer;
  const text = body.toString();
  const isPage = answer.headers["content-type"]?.startsWith("text/html") === true;
  if (body.length > (isPage ? MAX_ERROR_PAGE_BYTES : MAX_ERROR_BYTES)) return `an error of ${body.length} bytes`;
  if (CONTROL.test(text)) return "an error with control characters";
  const broken = BROKEN.exec(text)?.[0];
  if (broken !== undefined && !isQuoted(broken, draft)) return `an error that says ${broken}`;
  const isV1Entry = status === 404 && V1_ENTRY.test(declaredPath);
  if (body.length === 0 && status !== 416 && !isV1Entry) return `status ${status} without a reason`;
  if (GATEWAY.test(declaredPath) && path === declaredPath && !isGatewayError(text)) return `an error that is ${text}`;
  return formatFault(answer, body);
}

const isQuoted = (text: string, { path, body }: Draft): boolean =>
  path.includes(text) || (body !== null && Buffer.from(body).includes(text));

function isGatewayError(text: string): boolean {
  const json = jsonOf(text);
  return isObject(json) && typeof json["code"] === "number" && typeof json["message"] === "string";
}

function formatFault({ status, headers }: Answer, body: Buffer): string | null {
  const type = headers["content-type"] ?? "";
  if (type === "" && body.length > 0) return `status ${status} without a type`;
  if (status === 206) return null;
  if (type.startsWith("application/json") && jsonOf(body.toString()) === undefined) return "JSON that does not parse";
  const isText = type.startsWith("text/") || type.startsWith("application/json");
  return isText && !body.equals(Buffer.from(body.toString())) ? "text that is not UTF-8" : null;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
