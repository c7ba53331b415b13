// SPDX-License-Identifier: Apache-2.0
// Mail, through Cloudflare's mail service or an HTTP API. Every mail says in its headers and in its text how to end it
// with one click, without a sign-in. Spec: RFC 2369 §3.2; RFC 8058

import { withDeadline } from "../../../shared/http/deadline.ts";
import { describeOutsideError, type FetchOutside } from "../../../shared/http/outside.ts";
import { member } from "../../../shared/json/member.ts";
import type { MonitorEvent } from "../../../shared/monitor/event.ts";
import { describeEvent } from "../../../shared/monitor/message.ts";
import { err, ok, type Result } from "../../../shared/result.ts";
import { fillTemplate, type MailSender, type MailTemplate } from "../settings/mail.ts";

/** How a deployment sends mail. */
export type MailConfig = MailApiConfig | MailServiceConfig;

/** An HTTP API; the body of a request is the operator's template. */
interface MailApiConfig {
  readonly kind: "api";
  readonly url: string;
  readonly from: MailSender;
  readonly headers: Readonly<Record<string, string>>;
  readonly template: MailTemplate;
}

/** Cloudflare's own service, which makes the MIME message. */
interface MailServiceConfig {
  readonly kind: "service";
  readonly service: SendEmail;
  readonly from: MailSender;
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

/** A mail with the link that ends it. */
interface StampedLetter extends Pick<Letter, "to" | "subject" | "text"> {
  /** The value of List-Unsubscribe. */
  readonly unsubscribe: string;
}

type Transport = (letter: StampedLetter) => Promise<Result<null, string>>;

const DEADLINE_MS = 10_000;
const MAX_ANSWER_BYTES = 65_536;
/** The value of List-Unsubscribe-Post. RFC 8058 §3.1 */
const ONE_CLICK = "List-Unsubscribe=One-Click";

/** @param stopLinkOf the address that ends a watch */
export function createPostMail(
  config: MailConfig,
  fetchOutside: FetchOutside,
  stopLinkOf: (watch: string) => Promise<string>,
): PostMail {
  const transport = config.kind === "api" ? createApiTransport(config, fetchOutside) : createServiceTransport(config);
  return async ({ to, subject, text, watch }) => {
    const stop = await stopLinkOf(watch);
    const closing = `\n--\nTo end these messages: ${stop}\n`;
    return await transport({ to, subject, text: `${text}${closing}`, unsubscribe: `<${stop}>` });
  };
}

const createApiTransport =
  ({ url, from, headers, template }: MailApiConfig, fetchOutside: FetchOutside): Transport =>
  async (letter) => {
    const values = { ...letter, from: from.text, "unsubscribe-post": ONE_CLICK };
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

/**
 * Cloudflare adds the other headers (Date, Message-ID, MIME-Version, DKIM-Signature), and rejects a mail that sets
 * them. Auto-Submitted keeps answering machines silent: RFC 3834 §5.
 * Spec: https://developers.cloudflare.com/email-service/reference/headers/
 */
const createServiceTransport =
  ({ service, from: { name, address } }: MailServiceConfig): Transport =>
  async ({ to, subject, text, unsubscribe }) => {
    const headers = {
      "List-Unsubscribe": unsubscribe,
      "List-Unsubscribe-Post": ONE_CLICK,
      "Auto-Submitted": "auto-generated",
    };
    const from = name === "" ? address : { name, email: address };
    try {
      await withDeadline(DEADLINE_MS, service.send({ from, to, subject, text, headers }));
      return ok(null);
    } catch (error) {
      return err(`gets no mail: Cloudflare's mail service ${describeRefusal(error)}`);
    }
  };

/** Only its code: its message can hold addresses. */
function describeRefusal(error: unknown): string {
  const code = member(error, "code");
  return typeof code === "string" && /^E_[A-Z_]{1,60}$/.test(code) ? `answered ${code}` : "did not accept it";
}

/** One mail about some events. Its subject is the first that needs somebody, since mailboxes show no more. */
export function makeEventLetter(to: string, watch: string, events: readonly MonitorEvent[]): Letter {
  const [first] = [...events.filter(({ kind }) => kind !== "match.expected"), ...events];
  const more = events.length > 1 ? `, and ${events.length - 1} more` : "";
  const subject = first === undefined ? "Nothing new" : `${describeEvent(first).subject}${more}`;
  return { to, watch, subject, text: events.map((event) => describeEvent(event).text).join("\n\n") };
}

/** A mail that says that it is a test. */
export const makeTestLetter = (to: string, watch: string): Letter => ({
  to,
  watch,
  subject: "Test: you will be told here",
  text: "Somebody who signed in with this address asked for this test. Messages about what is signed in its name come here.\n",
});
