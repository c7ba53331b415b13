// SPDX-License-Identifier: Apache-2.0
// log.json: the object in R2 that says which log a prefix of the bucket belongs to. Created with the log and never
// changed.

import { encodeUtf8 } from "../bytes/utf8.ts";
import { member } from "../json/member.ts";
import { parseJson } from "../json/parse.ts";

/** Name of the object below the log's prefix. */
export const LOG_JSON = "log.json";

interface LogJson {
  readonly name: string;
  readonly origin: string;
  /** Random, chosen at the creation of the log. */
  readonly creation: string;
}

export const formatLogJson = ({ name, origin, creation }: LogJson): Uint8Array =>
  encodeUtf8(`${JSON.stringify({ name, origin, creation })}\n`);

/** The `creation` of a log.json, null if it does not say. */
export function readLogCreation(bytes: Uint8Array): string | null {
  const json = parseJson(bytes);
  const creation = json.ok ? member(json.value, "creation") : null;
  return typeof creation === "string" ? creation : null;
}
