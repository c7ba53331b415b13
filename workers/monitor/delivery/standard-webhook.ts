// SPDX-License-Identifier: Apache-2.0
// Signs a webhook, so that its receiver knows who sent it and when.
// Spec: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md

import { decodeBase64, encodeBase64 } from "../../../shared/bytes/base64.ts";
import { encodeUtf8 } from "../../../shared/bytes/utf8.ts";
import type { MonitorEvent } from "../../../shared/monitor/event.ts";
import { formatRfc3339, type UnixMs } from "../../../shared/time.ts";

const PREFIX = "whsec_";
/** The specification's limits of a secret. */
const MIN_SECRET_BYTES = 24;
const MAX_SECRET_BYTES = 64;

/** The bytes of a secret `whsec_<base64>`, null if it is none. */
export function parseWebhookSecret(text: string): Uint8Array<ArrayBuffer> | null {
  const bytes = text.startsWith(PREFIX) ? decodeBase64(text.slice(PREFIX.length)) : null;
  if (bytes?.ok !== true) return null;
  const { length } = bytes.value;
  return length < MIN_SECRET_BYTES || length > MAX_SECRET_BYTES ? null : bytes.value;
}

/** The parts of a signed request. */
export interface SignedWebhook {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Signs a message. @param secret as parseWebhookSecret accepts it */
export async function signWebhook(secret: string, event: MonitorEvent, now: UnixMs): Promise<SignedWebhook> {
  const bytes = parseWebhookSecret(secret);
  if (bytes === null) throw new TypeError("a webhook secret that was not checked");
  const body = JSON.stringify({ type: event.kind, timestamp: formatRfc3339(event.at), data: event });
  const timestamp = String(Math.floor(now / 1000));
  const key = await crypto.subtle.importKey("raw", bytes, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  const signature = await crypto.subtle.sign("HMAC", key, encodeUtf8(`${event.key}.${timestamp}.${body}`));
  return {
    headers: {
      "content-type": "application/json",
      "webhook-id": event.key,
      "webhook-timestamp": timestamp,
      "webhook-signature": `v1,${encodeBase64(new Uint8Array(signature))}`,
    },
    body,
  };
}
