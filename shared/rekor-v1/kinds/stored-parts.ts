// SPDX-License-Identifier: Apache-2.0
// Members that the bodies of several kinds have.

import { decodeBase64 } from "../../bytes/base64.ts";
import { type JsonObject, member } from "../../json/member.ts";
import { parseVerifier, type Verifier } from "../verifier.ts";

/** Reads a verifier in base64; null if it is none. */
export function readVerifier(content: unknown): Verifier | null {
  const pem = typeof content === "string" ? decodeBase64(content) : null;
  const verifier = pem?.ok === true ? parseVerifier(pem.value) : null;
  return verifier?.ok === true ? verifier.value : null;
}

/** Reads a member with an algorithm and a value as `<algorithm>:<hex>` in lower case; null if it is not one. */
export function readDigest(spec: JsonObject, name: string): string | null {
  const [algorithm, value] = ["algorithm", "value"].map((part) => member(member(spec, name), part));
  return typeof algorithm === "string" && typeof value === "string" ? `${algorithm}:${value}`.toLowerCase() : null;
}
