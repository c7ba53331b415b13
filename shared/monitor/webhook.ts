// SPDX-License-Identifier: Apache-2.0
// Signs webhooks. Spec: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md

import { decodeBase64, encodeBase64 } from "../bytes/base64.ts";
import { encodeUtf8 } from "../bytes/utf8.ts";
import { err, type Result } from "../result.ts";
import type { UnixMs } from "../time.ts";

/** The key of a webhook, 24 to 64 bytes. */
export type WebhookKey = Uint8Array<ArrayBuffer>;

const PREFIX = "whsec_";

/** Parses `whsec_<base64>` of 24 to 64 bytes; the prefix may be missing. Fails with what is wrong. */
export function parseWebhookKey(text: string): Result<WebhookKey, string> {
  const key = decodeBase64(text.startsWith(PREFIX) ? text.slice(PREFIX.length) : text);
  if (!key.ok) return err("must be whsec_ and base64; make one with: echo whsec_$(openssl rand -base64 32)");
  const { length } = key.value;
  return length >= 24 && length <= 64 ? key : err(`must have 24 to 64 bytes, and has ${length}`);
}

/** One message. */
export interface WebhookMessage {
  /** The event's key: the same for every attempt, so that a receiver drops what it has. */
  readonly id: string;
  readonly at: UnixMs;
  readonly body: string;
}

/** The headers of a message: its id, its time and the signature over both and the body. */
export async function signWebhook(
  key: WebhookKey,
  { id, at, body }: WebhookMessage,
): Promise<Readonly<Record<string, string>>> {
  const timestamp = String(Math.floor(at / 1000));
  const hmac = await crypto.subtle.importKey("raw", key, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  // "The content to sign is the id, the timestamp and the payload, joined by full stops."
  const signature = await crypto.subtle.sign("HMAC", hmac, encodeUtf8(`${id}.${timestamp}.${body}`));
  return {
    "webhook-id": id,
    "webhook-timestamp": timestamp,
    "webhook-signature": `v1,${encodeBase64(new Uint8Array(signature))}`,
  };
}
