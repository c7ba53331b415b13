// SPDX-License-Identifier: Apache-2.0
// The trusted root that a server publishes about itself: as trustworthy as the connection, for a first use.

import { err, type Result } from "../../shared/result.ts";
import { httpSource } from "./log-source.ts";
import { TRUSTED_ROOT_PATH } from "./paths.ts";
import { readTrustedRoot, type TrustedRoot } from "./trusted-root.ts";

/** A hundred times the trusted root of the public instance. */
export const MAX_TRUSTED_ROOT_BYTES = 1024 * 1024;
/** Short waits: a mistyped URL should fail fast, and no work is lost yet. */
export const FIRST_WAITS_MS = [200, 800];
/** The advice where a server's own word is missing or not enough. */
export const KEY_ADVICE = "give the log's key with --key or --trusted-root";

/** Reads it. The error is a line for the operator. */
export async function readPublishedRoot(origin: string): Promise<Result<TrustedRoot, string>> {
  const fetched = await httpSource(origin, FIRST_WAITS_MS).read(TRUSTED_ROOT_PATH, MAX_TRUSTED_ROOT_BYTES);
  if (fetched.kind === "missing") return err(`${origin} has no ${TRUSTED_ROOT_PATH}: ${KEY_ADVICE}`);
  if (fetched.kind === "unreadable") {
    return err(`${origin}/${TRUSTED_ROOT_PATH} cannot be read (${fetched.reason}): ${KEY_ADVICE}`);
  }
  const root = readTrustedRoot(fetched.bytes);
  return root.ok ? root : err(`${origin}/${TRUSTED_ROOT_PATH}: ${root.error}; ${KEY_ADVICE}`);
}
