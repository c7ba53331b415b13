// SPDX-License-Identifier: Apache-2.0

import { expect, it } from "vitest";
import { createSealer } from "../../../shared/oauth/seal/seal.ts";
import { unixMs } from "../../../shared/time.ts";
import { packConfirmation } from "../provider/sign-in.ts";
import { admitVouched, refuseUnverified } from "./admission.ts";

const POLICY = {
  allowedDomains: [],
  allowedAddresses: [],
  allowedGroups: [],
  matchGroups: "any",
  match: "any",
} as const;

it.each([
  ["alice@example.com", "alice@example.com"],
  ["Call +1 555 0100, your account is locked", null],
  ["<b>alice@example.com</b>", null],
  [`${"a".repeat(300)}@example.com`, null],
  [{ email: "alice@example.com" }, null],
  [undefined, null],
])("the page about an unverified address shows %j as %j", (address, shown) => {
  expect(refuseUnverified(address)).toEqual({ code: "address_unverified", address: shown });
});

it("as many of the longest addresses are offered as the form of the confirmation carries", async () => {
  const domain = `${"d".repeat(61)}.${"d".repeat(61)}.${"d".repeat(61)}.com`;
  const addresses = Array.from({ length: 300 }, (_, i) => `${String(i).padStart(64, "a")}@${domain}`);
  const admitted = admitVouched({ userId: "1".repeat(255), addresses, groups: [] }, POLICY);
  const identities = admitted.ok ? admitted.value : expect.fail("nobody is admitted");
  expect(identities).toHaveLength(16);
  const sealer = createSealer([new Uint8Array(32)], "https://sign.example.com/oidc", (n) => new Uint8Array(n));
  const x = "x".repeat(256);
  const signIn = {
    kind: "code",
    clientId: x,
    redirectUri: x,
    state: x,
    nonce: x,
    challenge: x,
    isFromPage: true,
  } as const;
  const packed = packConfirmation({ signIn, browser: x, connectorId: x, identities });
  const ticket = await sealer.seal("confirm", packed, unixMs(1000));
  expect(await sealer.open("confirm", ticket, unixMs(0))).toEqual({ ok: true, value: packed });
});
