// SPDX-License-Identifier: Apache-2.0
// Sends one event to one target.

import type { MonitorEvent } from "../../../shared/monitor/event.ts";
import { toChatJson, toEventJson } from "../../../shared/monitor/message.ts";
import { parseWebhookKey, signWebhook } from "../../../shared/monitor/webhook.ts";
import type { UnixMs } from "../../../shared/time.ts";
import { unreachable } from "../../../shared/unreachable.ts";
import type { Target } from "../config/config.ts";
import { runCommand } from "./command.ts";
import type { Attempt } from "./deliver.ts";
import { openIssue } from "./github.ts";
import { judgeAnswer, type Post, sendRequest, toFailure } from "./http.ts";
import { type MailPorts, sendMail } from "./mail.ts";
import { toMailgunPost, toSendGridPost } from "./mail-api.ts";

/** The outside, as sending needs it. */
export interface SendPorts extends MailPorts {
  readonly now: () => UnixMs;
}

/** Sends an event once. Does not throw. */
export async function sendEvent(target: Target, event: MonitorEvent, ports: SendPorts): Promise<Attempt> {
  switch (target.kind) {
    case "webhook": {
      const key = parseWebhookKey(target.key.reveal());
      if (!key.ok) return toFailure(`the webhook's secret ${key.error}`);
      const body = toEventJson(event);
      const signed = await signWebhook(key.value, { id: event.key, at: ports.now(), body });
      return sendPost({ url: target.url.reveal(), headers: { ...JSON_TYPE, ...signed }, body }, ports);
    }
    case "slack":
      return sendPost({ url: target.url.reveal(), headers: JSON_TYPE, body: toChatJson(event) }, ports);
    case "mailgun":
      return sendPost(toMailgunPost(target, event), ports);
    case "sendgrid":
      return sendPost(toSendGridPost(target, event), ports);
    case "github-issue":
      return openIssue(target, event, ports);
    case "mail":
      return sendMail(target, event, ports);
    case "command":
      return runCommand(target, event);
    default:
      return unreachable(target);
  }
}

const JSON_TYPE = { "content-type": "application/json" };

async function sendPost(post: Omit<Post, "wantsText">, { now }: SendPorts): Promise<Attempt> {
  const answer = await sendRequest({ ...post, wantsText: false });
  return answer.ok ? judgeAnswer(answer.value, now()) : toFailure(answer.error);
}
