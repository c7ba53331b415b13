// SPDX-License-Identifier: Apache-2.0
// Mail through Cloudflare's mail service, whose documented errors decide what a failed mail says. That its headers and
// texts are accepted is shown in workerd: test/service/mail.test.ts.

import { describe, expect, it } from "vitest";
import { valueOf } from "../../../test/support/value-of.ts";
import { parseMailFrom } from "../settings/mail.ts";
import { createPostMail, type PostMail } from "./mail.ts";

const LETTER = { to: "alice@example.com", subject: "Somebody signed", text: "An entry.\n", watch: "own/1" };

function postVia(send: (mail: unknown) => Promise<EmailSendResult>, from = "watch@sign.example.com"): PostMail {
  const service = { send } as SendEmail;
  const unused = (): never => {
    throw new Error("not in this test");
  };
  return createPostMail(
    { kind: "service", service, from: valueOf(parseMailFrom(from)) },
    unused,
    async () => "https://x/",
  );
}

describe("a mail through Cloudflare's mail service", () => {
  it.each([
    ["watch@sign.example.com", "watch@sign.example.com"],
    ["Sigedge <watch@sign.example.com>", { name: "Sigedge", email: "watch@sign.example.com" }],
  ])("is sent as %s", async (from, expected) => {
    const sent: unknown[] = [];
    const post = postVia(async (mail) => {
      sent.push(mail);
      return { messageId: "1" };
    }, from);
    expect(await post(LETTER)).toEqual({ ok: true, value: null });
    expect(sent).toMatchObject([{ from: expected, to: LETTER.to, subject: LETTER.subject }]);
  });

  // Spec: https://developers.cloudflare.com/email-service/api/send-emails/workers-api/#error-codes
  it.each([
    [Object.assign(new Error("x"), { code: "E_SENDER_NOT_VERIFIED" }), "answered E_SENDER_NOT_VERIFIED"],
    [Object.assign(new Error("x"), { code: "E_DAILY_LIMIT_EXCEEDED" }), "answered E_DAILY_LIMIT_EXCEEDED"],
    [new Error("email to alice@example.com not allowed"), "did not accept it"],
    [Object.assign(new Error("x"), { code: "alice@example.com" }), "did not accept it"],
  ])("fails with its code and without its text: %s", async (error, said) => {
    const post = postVia(async () => {
      throw error;
    });
    expect(await post(LETTER)).toEqual({ ok: false, error: `gets no mail: Cloudflare's mail service ${said}` });
  });
});
