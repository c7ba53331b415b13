// SPDX-License-Identifier: Apache-2.0
// Mail through an HTTP API: the body is the operator's template. Every mail says in its headers and in its text how to
// end it with one click, without a sign-in. Spec: RFC 2369 §3.2; RFC 8058

import { describeOutsideError, type FetchOutside } from "../../../shared/http/outside.ts";
import type { MonitorEvent } from "../../../shared/monitor/event.ts";
import { describeEvent } from "../../../shared/monitor/message.ts";
import { err, ok, type Result } from "../../../shared/result.ts";
import { fillTemplate, type MailTemplate } from "../settings/mail.ts";

/** The settings of mail. */
export interface MailConfig {
  readonly url: string;
  readonly from: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly template: MailTemplate;
}

/** A mail. */
export interface Letter {
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  /** The id of the watch that it is about. */
  readonly watch: string;
}

/** Sends a mail. The error completes "the receiver …". */
export type PostMail = (letter: Letter) => Promise<Result<null, string>>;

const DEADLINE_MS = 10_000;
const MAX_ANSWER_BYTES = 65_536;

/** @param stopLinkOf the address that ends a watch */
export function createPostMail(
  { url, from, headers, template }: MailConfig,
  fetchOutside: FetchOutside,
  stopLinkOf: (watch: string) => Promise<string>,
): PostMail {
  return async ({ to, subject, text, watch }) => {
    const stop = await stopLinkOf(watch);
    const values = {
      from,
      to,
      subject,
      text: `${text}\n--\nTo end these messages: ${stop}\n`,
      unsubscribe: `<${stop}>`,
      "unsubscribe-post": "List-Unsubscribe=One-Click",
    };
    const answer = await fetchOutside(url, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: JSON.stringify(fillTemplate(template, values)),
      deadline: AbortSignal.timeout(DEADLINE_MS),
      maxBytes: MAX_ANSWER_BYTES,
    });
    if (!answer.ok) return err(`gets no mail: the mail API ${describeOutsideError(answer.error)}`);
    const { status } = answer.value;
    return status < 300 ? ok(null) : err(`gets no mail: the mail API answered ${status}`);
  };
}

/** One mail about some events. */
export function makeEventLetter(to: string, watch: string, events: readonly MonitorEvent[]): Letter {
  const [first] = events;
  const described = events.map(describeEvent);
  const subject =
    first === undefined || events.length > 1
      ? `${events.length} new entries that you watch`
      : describeEvent(first).subject;
  return { to, watch, subject, text: described.map(({ text }) => text).join("\n\n") };
}

/** A mail that says that it is a test. */
export const makeTestLetter = (to: string, watch: string): Letter => ({
  to,
  watch,
  subject: "Test: you will be told here",
  text: "Somebody who signed in with this address asked for this test. Messages about what is signed in its name come here.\n",
});
