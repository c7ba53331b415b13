// SPDX-License-Identifier: Apache-2.0
// Mail against a real SMTP server.

import type { AddressInfo } from "node:net";
import { SMTPServer, type SMTPServerOptions } from "smtp-server";
import { afterEach, describe, expect, test } from "vitest";
import { makeEvent } from "../../../shared/monitor/event.ts";
import { unixMs } from "../../../shared/time.ts";
import { ENTRY, matchNumber } from "../../../test/support/monitor/events.ts";
import { makeSelfSigned } from "../../../test/support/process/self-signed.ts";
import type { MailTarget } from "../config/config.ts";
import { Secret } from "../config/secret.ts";
import { sendMail } from "./mail.ts";

/** An address of the loopback interface that is not taken for this machine: it stands for another one. */
const ELSEWHERE = "127.0.0.2";
const TLS = makeSelfSigned([ELSEWHERE]);

interface Mailbox {
  readonly port: number;
  readonly mails: { readonly text: string; readonly to: readonly string[]; readonly isSecure: boolean }[];
}

const open: SMTPServer[] = [];
afterEach(async () => {
  for (const server of open.splice(0)) await new Promise<void>((resolve) => server.close(() => resolve()));
});

async function startServer(options: SMTPServerOptions): Promise<Mailbox> {
  const mails: Mailbox["mails"] = [];
  const server = new SMTPServer({
    authOptional: true,
    logger: false,
    onData: (stream, session, done) => {
      const parts: Buffer[] = [];
      stream.on("data", (part: Buffer) => parts.push(part));
      stream.on("end", () => {
        const to = session.envelope.rcptTo.map(({ address }) => address);
        mails.push({ text: Buffer.concat(parts).toString(), to, isSecure: session.secure });
        done();
      });
    },
    ...options,
  });
  server.on("error", () => undefined);
  open.push(server);
  await new Promise<void>((resolve) => server.listen(0, ELSEWHERE, () => resolve()));
  return { port: (server.server.address() as AddressInfo).port, mails };
}

const targetAt = (port: number, changes: Partial<MailTarget> = {}): MailTarget => ({
  kind: "mail",
  host: ELSEWHERE,
  port,
  isTls: false,
  user: null,
  password: null,
  from: "alerts@example.org",
  to: ["alice@example.org", "bob@example.org"],
  ...changes,
});
const PORTS = { mailAuthorities: TLS.cert };
const event = matchNumber(7);

describe("a mail", () => {
  test("goes over STARTTLS to everybody, with a Message-ID that a repeated one shares", async () => {
    const { port, mails } = await startServer({ ...TLS });
    expect(await sendMail(targetAt(port), event, PORTS)).toEqual({ kind: "delivered" });
    await sendMail(targetAt(port), event, PORTS);
    expect(mails).toMatchObject([{ isSecure: true, to: ["alice@example.org", "bob@example.org"] }, { isSecure: true }]);
    const ids = mails.map(({ text }) => /^Message-ID: (<[0-9a-f]{32}@example\.org>)\r$/im.exec(text)?.[1]);
    expect(ids[0]).toBeDefined();
    expect(ids[0]).toBe(ids[1]);
    expect(mails[0]?.text).toMatch(/^Subject: Unexpected signature by alice@example\.org\r$/m);
    expect(mails[0]?.text).toMatch(/^Auto-Submitted: auto-generated\r$/m);
    expect(mails[0]?.text).toContain("because: the identity is alice@example.org");
  });

  test("goes over TLS, with a login", async () => {
    const logins: unknown[] = [];
    const { port, mails } = await startServer({
      ...TLS,
      secure: true,
      authOptional: false,
      onAuth: ({ username, password }, _session, done) => {
        logins.push([username, password]);
        done(null, { user: username });
      },
    });
    const target = targetAt(port, { isTls: true, user: "alerts", password: new Secret("pa55") });
    expect(await sendMail(target, event, PORTS)).toEqual({ kind: "delivered" });
    expect(logins).toEqual([["alerts", "pa55"]]);
    expect(mails).toHaveLength(1);
  });

  test("has no header that a stranger's name made", async () => {
    const { port, mails } = await startServer({ ...TLS });
    const entry = { ...ENTRY, identity: "a\r\nBcc: evil@example.com\r\n\r\nHello" };
    const details = { selector: "me", entry, why: "", differences: [] };
    await sendMail(targetAt(port), makeEvent("match.unexpected", { at: unixMs(0), log: null, details }), PORTS);
    const [head = ""] = (mails[0]?.text ?? "").split("\r\n\r\n");
    expect(head).not.toMatch(/^Bcc:/im);
    expect(mails[0]?.to).toEqual(["alice@example.org", "bob@example.org"]);
  });
});

describe("no mail is sent", () => {
  test("without encryption, except to this machine", async () => {
    const { port, mails } = await startServer({ hideSTARTTLS: true });
    expect(await sendMail(targetAt(port), event, PORTS)).toMatchObject({ kind: "failed", isRejection: false });
    expect(mails).toEqual([]);
  });

  test("to a server whose certificate nobody vouches for", async () => {
    const { port, mails } = await startServer({ ...makeSelfSigned([ELSEWHERE]) });
    expect(await sendMail(targetAt(port), event, PORTS)).toMatchObject({ kind: "failed", isRejection: false });
    expect(await sendMail(targetAt(port), event, { mailAuthorities: null })).toMatchObject({ kind: "failed" });
    expect(mails).toEqual([]);
  });

  test("to a server that is down", async () => {
    const { port } = await startServer({ ...TLS });
    for (const server of open.splice(0)) await new Promise<void>((resolve) => server.close(() => resolve()));
    const attempt = await sendMail(targetAt(port), event, PORTS);
    expect(attempt).toMatchObject({ kind: "failed", reason: expect.stringContaining("no mail was sent") as string });
  });

  test.each([
    ["is busy", { responseCode: 451 }, { reason: "the mail server answered 451 (EMESSAGE)", isRejection: false }],
    [
      "refuses its contents",
      { responseCode: 554 },
      { reason: "the mail server answered 554 (EMESSAGE)", isRejection: true },
    ],
  ])("if the server %s", async (_, answer, expected) => {
    const { port } = await startServer({
      ...TLS,
      onData: (stream, _session, done) => {
        stream.resume().on("end", () => done(Object.assign(new Error("no"), answer)));
      },
    });
    expect(await sendMail(targetAt(port), event, PORTS)).toMatchObject({ kind: "failed", ...expected });
  });

  test("with a wrong password, which is no fault of the event", async () => {
    const { port } = await startServer({
      ...TLS,
      onAuth: (_login, _session, done) => done(Object.assign(new Error("no"), { responseCode: 535 })),
    });
    const attempt = await sendMail(targetAt(port, { user: "u", password: new Secret("pa55") }), event, PORTS);
    expect(attempt).toMatchObject({
      kind: "failed",
      reason: "the mail server answered 535 (EAUTH)",
      isRejection: false,
    });
  });
});
