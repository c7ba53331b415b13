// SPDX-License-Identifier: Apache-2.0
// Sends messages to the receiver of a watch. A receiver is somebody else's address: https, no redirect, a deadline, and
// as little of its answer as possible.

import { describeOutsideError, type FetchOutside, type OutsideRequest } from "../../../shared/http/outside.ts";
import type { MonitorEvent } from "../../../shared/monitor/event.ts";
import { toChatJson, toEventJson } from "../../../shared/monitor/message.ts";
import { parseWebhookKey, signWebhook } from "../../../shared/monitor/webhook.ts";
import { err, ok, type Result } from "../../../shared/result.ts";
import { formatRfc3339, type UnixMs } from "../../../shared/time.ts";
import { unreachable } from "../../../shared/unreachable.ts";
import type { Channel, Watch } from "../watching/watch.ts";
import { makeEventLetter, makeTestLetter, type PostMail } from "./mail.ts";

const DEADLINE_MS = 10_000;
/** No answer of a receiver is read. A longer one counts as an error, since it must be ended. */
const MAX_ANSWER_BYTES = 65_536;

/** The ways out. */
export interface SendDeps {
  readonly fetchOutside: FetchOutside;
  /** Null for a deployment that sends no mail. */
  readonly postMail: PostMail | null;
  readonly now: () => UnixMs;
}

/** Sends. The error completes "the receiver …" and holds nothing that the receiver sent. */
export async function send(
  deps: SendDeps,
  { id, channel }: Pick<Watch, "id" | "channel">,
  events: readonly MonitorEvent[],
): Promise<Result<null, string>> {
  const [event] = events;
  if (event === undefined) return ok(null);
  switch (channel.kind) {
    case "webhook":
      return await postSigned(deps, channel, { id: event.key, body: toEventJson(event) });
    case "slack":
      return await post(deps, channel.url, { headers: JSON_TYPE, body: toChatJson(event) });
    case "mail":
      return await sendMail(deps, () => makeEventLetter(channel.to, id, events));
    default:
      return unreachable(channel);
  }
}

/** Sends a message that says that it is a test. */
export async function sendTest(
  deps: SendDeps,
  { id, channel }: Pick<Watch, "id" | "channel">,
): Promise<Result<null, string>> {
  const timestamp = formatRfc3339(deps.now());
  switch (channel.kind) {
    case "webhook":
      return await postSigned(deps, channel, {
        id: `test/${id}/${deps.now()}`,
        body: JSON.stringify({ type: "test", timestamp, data: { selector: id } }),
      });
    case "slack":
      return await post(deps, channel.url, { headers: JSON_TYPE, body: JSON.stringify({ text: `Test of ${id}` }) });
    case "mail":
      return await sendMail(deps, () => makeTestLetter(channel.to, id));
    default:
      return unreachable(channel);
  }
}

const JSON_TYPE = { "content-type": "application/json" } as const;

async function postSigned(
  deps: SendDeps,
  { url, secret }: Channel & { readonly kind: "webhook" },
  { id, body }: { readonly id: string; readonly body: string },
): Promise<Result<null, string>> {
  const key = parseWebhookKey(secret);
  if (!key.ok) return err("has a secret that cannot be used");
  const signed = await signWebhook(key.value, { id, at: deps.now(), body });
  return await post(deps, url, { headers: { ...JSON_TYPE, ...signed }, body });
}

async function sendMail(deps: SendDeps, make: () => Parameters<PostMail>[0]): Promise<Result<null, string>> {
  return deps.postMail === null
    ? err("gets no mail: this deployment has no mail settings")
    : await deps.postMail(make());
}

async function post(
  { fetchOutside }: SendDeps,
  url: string,
  request: Pick<OutsideRequest, "headers" | "body">,
): Promise<Result<null, string>> {
  const answer = await fetchOutside(url, {
    method: "POST",
    ...request,
    deadline: AbortSignal.timeout(DEADLINE_MS),
    maxBytes: MAX_ANSWER_BYTES,
  });
  if (!answer.ok) return err(describeOutsideError(answer.error));
  const { status } = answer.value;
  return status < 300 ? ok(null) : err(`answered ${status}`);
}
