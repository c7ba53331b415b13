// SPDX-License-Identifier: Apache-2.0
// The signed entry timestamp (SET): the log's promise that an entry has an index since a time.
// Spec: https://github.com/sigstore/rekor/blob/main/pkg/api/entries.go (signEntry); RFC 8785

import { encodeBase64 } from "../bytes/base64.ts";
import { encodeHex } from "../bytes/hex.ts";
import { encodeUtf8 } from "../bytes/utf8.ts";
import type { UnixMs } from "../time.ts";

/** Everything that the promise covers. */
export interface PromisedEntry {
  readonly body: Uint8Array;
  /** Whole seconds, rounded down: the certificate was valid before the entry was logged. */
  readonly integratedTime: number;
  /** SHA-256 of the log's SPKI. */
  readonly logId: Uint8Array;
  readonly logIndex: number;
}

/** The bytes that the log signs. Every value is a number or text that JSON does not escape. */
export const formatPromise = ({ body, integratedTime, logId, logIndex }: PromisedEntry): Uint8Array =>
  encodeUtf8(
    `{"body":"${encodeBase64(body)}","integratedTime":${integratedTime},"logID":"${encodeHex(logId)}","logIndex":${logIndex}}`,
  );

/** The whole seconds of a time. */
export const wholeSeconds = (timestamp: UnixMs): number => Math.floor(timestamp / 1000);
