// SPDX-License-Identifier: Apache-2.0

import fc from "fast-check";
import { Webhook } from "standardwebhooks";
import { describe, expect, test } from "vitest";
import { valueOf } from "../../test/support/value-of.ts";
import { type UnixMs, unixMs } from "../time.ts";
import { parseWebhookKey, signWebhook } from "./webhook.ts";

const now = (): UnixMs => unixMs(Date.now());

describe("signWebhook", () => {
  // The example of the libraries of Standard Webhooks: their test "sign function works".
  test("signs as the published vector does", async () => {
    const key = valueOf(parseWebhookKey("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"));
    const headers = await signWebhook(key, {
      id: "msg_p5jXN8AQM9LWM0D4loKWxJek",
      at: unixMs(1_614_265_330_000),
      body: '{"test": 2432232314}',
    });
    expect(headers).toEqual({
      "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
      "webhook-timestamp": "1614265330",
      "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    });
  });

  test("signs what the library of Standard Webhooks verifies", async () => {
    const bytes = fc.uint8Array({ minLength: 24, maxLength: 64 });
    await fc.assert(
      fc.asyncProperty(bytes, fc.json(), async (raw, body) => {
        const secret = `whsec_${Buffer.from(raw).toString("base64")}`;
        const message = { id: "match.unexpected/a/log.example/1", at: now(), body };
        const headers = await signWebhook(valueOf(parseWebhookKey(secret)), message);
        expect(new Webhook(secret).verify(body, headers)).toEqual(JSON.parse(body));
        expect(() => new Webhook(secret).verify(`${body} `, headers)).toThrow("No matching signature found");
      }),
      { numRuns: 30 },
    );
  });

  test.each([
    ["whsec_!", "must be whsec_ and base64"],
    [`whsec_${Buffer.alloc(23).toString("base64")}`, "must have 24 to 64 bytes, and has 23"],
    [`whsec_${Buffer.alloc(65).toString("base64")}`, "must have 24 to 64 bytes, and has 65"],
  ])("rejects the key %s", (text, problem) => {
    const key = parseWebhookKey(text);
    expect(key.ok ? "" : key.error).toContain(problem);
  });
});
