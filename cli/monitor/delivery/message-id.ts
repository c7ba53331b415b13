// SPDX-License-Identifier: Apache-2.0
// Names of an event that fit where its key does not: the key holds what strangers chose.

import { sha256 } from "#sha256";
import { encodeHex } from "../../../shared/bytes/hex.ts";
import { encodeUtf8 } from "../../../shared/bytes/utf8.ts";
import type { MonitorEvent } from "../../../shared/monitor/event.ts";

/** 32 hex digits of the SHA-256 of the event's key. */
export const shortKeyOf = ({ key }: MonitorEvent): string => encodeHex(sha256(encodeUtf8(key))).slice(0, 32);

/** The Message-ID (RFC 5322 §3.6.4) of every mail about the event, so that a reader shows a repeated one once. */
export const messageIdOf = (event: MonitorEvent, from: string): string =>
  `<${shortKeyOf(event)}@${from.slice(from.lastIndexOf("@") + 1)}>`;
