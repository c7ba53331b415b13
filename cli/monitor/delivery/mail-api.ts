// SPDX-License-Identifier: Apache-2.0
// Requests to services that send mail.
// Spec: https://documentation.mailgun.com/docs/mailgun/api-reference/send/mailgun/messages;
// https://www.twilio.com/docs/sendgrid/api-reference/mail-send/mail-send

import { encodeBase64 } from "../../../shared/bytes/base64.ts";
import { encodeUtf8 } from "../../../shared/bytes/utf8.ts";
import type { MonitorEvent } from "../../../shared/monitor/event.ts";
import { describeEvent } from "../../../shared/monitor/message.ts";
import type { Target } from "../config/config.ts";
import type { Post } from "./http.ts";
import { messageIdOf } from "./message-id.ts";

type ApiPost = Omit<Post, "wantsText">;
type TargetOf<Kind extends Target["kind"]> = Extract<Target, { kind: Kind }>;

/** A message of Mailgun. */
export function toMailgunPost({ apiUrl, domain, key, from, to }: TargetOf<"mailgun">, event: MonitorEvent): ApiPost {
  const { subject, text } = describeEvent(event);
  const form = new URLSearchParams({ from, to: to.join(","), subject, text });
  form.set("h:Message-Id", messageIdOf(event, from));
  form.set("h:Auto-Submitted", "auto-generated");
  return {
    url: `${apiUrl}/v3/${encodeURIComponent(domain)}/messages`,
    headers: {
      authorization: `Basic ${encodeBase64(encodeUtf8(`api:${key.reveal()}`))}`,
      "content-type": "application/x-www-form-urlencoded",
    },
    body: form.toString(),
  };
}

const nameOf = (name: string | null): object => (name === null ? {} : { name });

/** A message of SendGrid, which sets the Message-ID itself; the event's key is in a header of its own. */
export function toSendGridPost(target: TargetOf<"sendgrid">, event: MonitorEvent): ApiPost {
  const { subject, text } = describeEvent(event);
  const { apiUrl, key, from, fromName, to, toName } = target;
  const recipients = to.map((email) => Object.assign({ email }, nameOf(toName)));
  return {
    url: `${apiUrl}/v3/mail/send`,
    headers: { authorization: `Bearer ${key.reveal()}`, "content-type": "application/json" },
    body: JSON.stringify({
      personalizations: [{ to: recipients }],
      from: { email: from, ...nameOf(fromName) },
      subject,
      content: [{ type: "text/plain", value: text }],
      headers: { "X-Sigedge-Event": messageIdOf(event, from), "Auto-Submitted": "auto-generated" },
    }),
  };
}
