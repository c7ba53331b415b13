// SPDX-License-Identifier: Apache-2.0
// The predicate of an attestation: what somebody says about a file, and of which type it is. A predicate of a known
// type must have the members by which that type is told from others, so that nobody attests the wrong file.
// Spec: https://github.com/in-toto/attestation/tree/main/spec/v1

import { isObject, type JsonObject } from "../json/member.ts";
import { parseJson } from "../json/parse.ts";
import { err, ok, type Result } from "../result.ts";
import { MAX_STATEMENT_VALUES } from "./artifact.ts";
import { PREDICATE_TYPES } from "./offer.ts";

/** The statement that an attestation makes about each file. */
export interface Predicate {
  /** A URI. */
  readonly type: string;
  readonly value: JsonObject;
}

/** A bundle of it, in base64, is below the limit of bundles. */
export const MAX_PREDICATE_BYTES = 16 * 1024 * 1024;
/** As long as the log's search keeps a type. */
const MAX_TYPE_CHARS = 512;
/** More than a statement about one file has beside its predicate. */
const FRAME_VALUES = 16;

/** Reads a predicate from a JSON text. The error completes "the predicate …". */
export function readPredicate(type: string, json: Uint8Array): Result<Predicate, string> {
  if (type.length > MAX_TYPE_CHARS || !URL.canParse(type)) {
    return err(`has a type that is not a URI of at most ${MAX_TYPE_CHARS} characters, as https://example.com/test/v1`);
  }
  if (json.length > MAX_PREDICATE_BYTES) return err(`is larger than ${MAX_PREDICATE_BYTES / 1024 / 1024} MiB`);
  const parsed = parseJson(json, MAX_STATEMENT_VALUES - FRAME_VALUES);
  if (!parsed.ok) return err(`is not usable JSON (${parsed.error.code})`);
  const { value } = parsed;
  if (!isObject(value)) return err("must be a JSON object: { … }");
  const known = PREDICATE_TYPES.find(({ uri }) => uri === type);
  const isComplete = known?.members.some((names) => names.every((name) => Object.hasOwn(value, name))) ?? true;
  if (isComplete) return ok({ type, value });
  const needs = known?.members.map((names) => names.join(" and ")).join(", or ") ?? "";
  return err(`is not of the type ${known?.name ?? type}: it lacks ${needs}`);
}
