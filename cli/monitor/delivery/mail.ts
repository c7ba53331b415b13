// SPDX-License-Identifier: Apache-2.0
// Sends mail over SMTP: with TLS, or with STARTTLS, which only a server on this machine may lack.

import { createTransport } from "nodemailer";
import type { MonitorEvent } from "../../../shared/monitor/event.ts";
import { describeEvent } from "../../../shared/monitor/message.ts";
import type { MailTarget } from "../config/config.ts";
import type { Attempt } from "./deliver.ts";
import { toFailure } from "./http.ts";
import { messageIdOf } from "./message-id.ts";

/** The outside, as mail needs it. */
export interface MailPorts {
  /** PEM of the authorities that mail servers are trusted by; null: those of Node. */
  readonly mailAuthorities: string | null;
}

const TIMEOUT_MS = 15_000;
const LOOPBACK: ReadonlySet<string> = new Set(["localhost", "127.0.0.1", "::1"]);

/** Sends a mail once. */
export async function sendMail(target: MailTarget, event: MonitorEvent, ports: MailPorts): Promise<Attempt> {
  const { host, port, isTls, user, password, from, to } = target;
  const transport = createTransport({
    host,
    port,
    secure: isTls,
    requireTLS: !isTls && !LOOPBACK.has(host),
    // A relay on this machine often offers a certificate that nobody can verify.
    ignoreTLS: LOOPBACK.has(host),
    ...(user === null ? {} : { auth: { user, pass: password?.reveal() ?? "" } }),
    ...(ports.mailAuthorities === null ? {} : { tls: { ca: ports.mailAuthorities } }),
    connectionTimeout: TIMEOUT_MS,
    greetingTimeout: TIMEOUT_MS,
    socketTimeout: TIMEOUT_MS,
    dnsTimeout: TIMEOUT_MS,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  const { subject, text } = describeEvent(event);
  const headers = { "Auto-Submitted": "auto-generated" };
  try {
    await transport.sendMail({ from, to: [...to], subject, text, headers, messageId: messageIdOf(event, from) });
    return { kind: "delivered" };
  } catch (error) {
    return judgeFailure(error);
  } finally {
    transport.close();
  }
}

/** The statuses of RFC 5321 §4.2.2 that are about this message: too large, or refused for its contents. */
const REJECTIONS: ReadonlySet<unknown> = new Set([552, 554]);

function judgeFailure(error: unknown): Attempt {
  const [code, status] = ["code", "responseCode"].map((name): unknown =>
    typeof error === "object" && error !== null ? Reflect.get(error, name) : null,
  );
  const isDuringMessage = code === "EMESSAGE" || code === "EENVELOPE";
  const reason = [
    typeof status === "number" ? `the mail server answered ${status}` : "no mail was sent",
    ...(typeof code === "string" ? [`(${code})`] : []),
  ].join(" ");
  const failure = toFailure(reason);
  return failure.kind === "failed" && isDuringMessage && REJECTIONS.has(status)
    ? { ...failure, isRejection: true }
    : failure;
}
