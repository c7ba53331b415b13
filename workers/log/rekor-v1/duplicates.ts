// SPDX-License-Identifier: Apache-2.0
// The setting REKOR_V1_DUPLICATES: how the log answers an entry that it has already.

import { err, ok, type Result } from "../../../shared/result.ts";

/**
 * `entry`: 201 and the entry, so that a client's retry succeeds. `conflict`: 409 and where the entry is, as the
 * reference answers.
 */
export type DuplicateAnswer = "entry" | "conflict";

/** Parses the setting. The error completes "REKOR_V1_DUPLICATES …". */
export const parseDuplicates = (text: string): Result<DuplicateAnswer, string> =>
  text === "entry" || text === "conflict" ? ok(text) : err("must be entry or conflict");
