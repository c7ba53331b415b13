// SPDX-License-Identifier: Apache-2.0
// Sends messages to the receiver of a watch. A receiver is somebody else's address: https, no redirect, a deadline, and
// as little of its answer as possible.

import { describeOutsideError, type FetchOutside, type OutsideRequest } from "../../../shared/http/outside.ts";
import type { MonitorEvent } from "../../../shared/monitor/event.ts";
import { err, ok, type Result } from "../../../shared/result.ts";
import type { UnixMs } from "../../../shared/time.ts";
import { unreachable } from "../../../shared/unreachable.ts";
import type { Watch } from "../watching/watch.ts";
import { signWebhook } from "./standard-webhook.ts";

const DEADLINE_MS = 10_000;
/** No answer of a receiver is read. A longer one counts as an error, since it must be ended. */
const MAX_ANSWER_BYTES = 65_536;

/** The way out. */
export interface SendDeps {
  readonly fetchOutside: FetchOutside;
  readonly now: () => UnixMs;
}

/** Sends. The error completes "the receiver …" and holds nothing that the receiver sent. */
export async function send(
  deps: SendDeps,
  { channel }: Watch,
  events: readonly MonitorEvent[],
): Promise<Result<null, string>> {
  switch (channel.kind) {
    case "webhook": {
      const [event] = events;
      return event === undefined
        ? ok(null)
        : await post(deps, channel.url, await signWebhook(channel.secret, event, deps.now()));
    }
    case "slack":
    case "mail":
      return err("is not there yet");
    default:
      return unreachable(channel);
  }
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
