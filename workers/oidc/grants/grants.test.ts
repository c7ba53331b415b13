// SPDX-License-Identifier: Apache-2.0

import { DatabaseSync } from "node:sqlite";
import { beforeEach, describe, expect, it } from "vitest";
import { err, ok } from "../../../shared/result.ts";
import type { CodeGrant, DevicePoll, DeviceRequest, GrantedIdentity } from "../../../shared/rpc/grants.ts";
import { migrate } from "../../../shared/sql/schema.ts";
import { unixMs } from "../../../shared/time.ts";
import { AttemptLimit } from "./attempt-limit.ts";
import { CodeTable } from "./code-table.ts";
import { DeviceTable } from "./device-table.ts";
import { GRANTS_SCHEMA, type GrantStorage } from "./storage.ts";

const NOW = 1_800_000_000_000;
const at = (seconds: number) => unixMs(NOW + seconds * 1000);
const ALICE: GrantedIdentity = {
  connectorId: "https://id.example",
  userId: "u",
  subject: "s",
  address: "alice@example.com",
  nonce: null,
};

let storage: GrantStorage;
beforeEach(() => void (storage = openStorage()));

function openStorage(): GrantStorage {
  const database = new DatabaseSync(":memory:");
  let ids = 0;
  const opened: GrantStorage = {
    exec: (query, ...bindings) => database.prepare(query).all(...(bindings as (string | number | null)[])),
    transactionSync: (run) => run(),
    makeId: () => `token-${++ids}`,
  };
  expect(migrate(opened, GRANTS_SCHEMA).ok).toBe(true);
  return opened;
}

describe("codes", () => {
  const GRANT: CodeGrant = {
    codeHash: "h",
    clientId: "sigstore",
    redirectUri: "http://localhost:1/",
    challenge: "c",
    identity: ALICE,
    expiresAt: at(60),
  };
  const REDEMPTION = { codeHash: "h", clientId: "sigstore", redirectUri: "http://localhost:1/", challenge: "c" };
  const added = (): CodeTable => {
    const codes = new CodeTable(storage);
    codes.add(GRANT, at(0));
    return codes;
  };

  it("yield one token, which a second use revokes", () => {
    const codes = added();
    expect(codes.redeem(REDEMPTION, at(59))).toEqual(ok({ clientId: "sigstore", identity: ALICE, tokenId: "token-1" }));
    expect(codes.isRevoked("token-1")).toBe(false);
    // Whoever does not have the verifier cannot revoke.
    expect(codes.redeem({ ...REDEMPTION, challenge: "x" }, at(60))).toEqual(err({ code: "code_verifier_wrong" }));
    expect(codes.isRevoked("token-1")).toBe(false);
    expect(codes.redeem(REDEMPTION, at(300))).toEqual(err({ code: "code_used" }));
    expect(codes.isRevoked("token-1")).toBe(true);
  });

  it.each([
    [{ codeHash: "x" }, 0, "code_unknown"],
    [{}, 60, "code_unknown"],
    [{ clientId: "site" }, 0, "code_of_another_client"],
    [{ redirectUri: "http://localhost:1" }, 0, "code_redirect_wrong"],
    [{ challenge: "" }, 0, "code_verifier_wrong"],
  ])("refuse %j after %i s, and stay as they are", (change, seconds, code) => {
    const codes = added();
    expect(codes.redeem({ ...REDEMPTION, ...change }, at(seconds))).toEqual(err({ code }));
    if (seconds === 0) expect(codes.redeem(REDEMPTION, at(0)).ok).toBe(true);
  });

  it("are forgotten when no token of theirs can be valid", () => {
    const codes = added();
    expect([codes.clear(at(959)), codes.clear(at(961))]).toEqual([1, 0]);
  });
});

describe("devices", () => {
  const request = (name: string, network: string | null = "192.0.2.1"): DeviceRequest => ({
    deviceHash: name,
    userCode: name,
    clientId: "sigstore",
    challenge: "c",
    network,
    country: "NL",
    expiresAt: at(300),
  });

  const pollOf = (deviceHash: string): DevicePoll => ({ deviceHash, clientId: "sigstore", challenge: "c" });

  it("wait, are granted once and yield one token", () => {
    const devices = new DeviceTable(storage);
    expect(devices.add(request("d"), at(0))).toBe(true);
    expect(devices.find("d", at(1))).toEqual(
      ok({ userCode: "d", clientId: "sigstore", network: "192.0.2.1", country: "NL", askedAt: at(0) }),
    );
    expect(devices.poll(pollOf("d"), at(0))).toEqual(err({ code: "authorization_pending" }));
    expect(devices.poll(pollOf("d"), at(5))).toEqual(err({ code: "authorization_pending" }));
    expect(devices.poll(pollOf("d"), at(6))).toEqual(err({ code: "slow_down" }));
    expect(devices.poll(pollOf("d"), at(15))).toEqual(err({ code: "slow_down" }));
    expect(devices.decide("d", ALICE, at(16))).toBe(true);
    expect(devices.decide("d", null, at(17))).toBe(false);
    expect(devices.find("d", at(17))).toEqual(err({ code: "user_code_unknown" }));
    expect(devices.poll({ ...pollOf("d"), challenge: null }, at(17))).toEqual(err({ code: "device_verifier_wrong" }));
    expect(devices.poll(pollOf("d"), at(17))).toEqual(
      ok({ clientId: "sigstore", identity: ALICE, tokenId: "token-1" }),
    );
    expect(devices.poll(pollOf("d"), at(18))).toEqual(err({ code: "expired_token" }));
  });

  it.each([
    [{}, { clientId: "site" }, "device_of_another_client"],
    [{}, { challenge: "x" }, "device_verifier_wrong"],
    [{}, { challenge: null }, "device_verifier_wrong"],
    // RFC 9700 §2.1.1: a verifier counts only where there was a challenge.
    [{ challenge: null }, {}, "device_verifier_wrong"],
  ] as const)("asked for with %j, refuse a poll with %j, and stay as they are", (asked, change, code) => {
    const devices = new DeviceTable(storage);
    devices.add({ ...request("d"), ...asked }, at(0));
    devices.decide("d", ALICE, at(1));
    expect(devices.poll({ ...pollOf("d"), ...change }, at(2))).toEqual(err({ code }));
    expect(devices.poll({ ...pollOf("d"), clientId: null, ...asked }, at(2)).ok).toBe(true);
  });

  it("are over after their time, granted or not", () => {
    const devices = new DeviceTable(storage);
    devices.add(request("d"), at(0));
    devices.add(request("e"), at(0));
    devices.decide("e", ALICE, at(1));
    expect([devices.decide("d", ALICE, at(300)), devices.find("d", at(300)).ok]).toEqual([false, false]);
    for (const name of ["d", "e"]) expect(devices.poll(pollOf(name), at(300))).toEqual(err({ code: "expired_token" }));
    expect(devices.clear(at(300))).toBe(0);
  });

  it("are ten of one network and a thousand in all, and then forgotten", () => {
    const devices = new DeviceTable(storage);
    for (let i = 0; i < 1000; i++) expect(devices.add(request(`${i}`, `n${Math.floor(i / 10)}`), at(0))).toBe(true);
    const eleven = new DeviceTable(openStorage());
    for (let i = 0; i < 10; i++) expect(eleven.add(request(`${i}`, "n0"), at(0))).toBe(true);
    expect(eleven.add(request("x", "n0"), at(0))).toBe(false);
    expect(devices.add(request("x", "other"), at(0))).toBe(false);
    expect(devices.add(request("x", "n0"), at(300))).toBe(true);
  });

  it.each([
    ["a /48", (i: number) => `2001:db8:1:${i.toString(16)}::/64`, "2001:db8:1:ffff::/64", "2001:db8:11:1::/64"],
    ["an IPv4 /24", (i: number) => `192.0.2.${i}`, "192.0.2.255", "192.0.20.1"],
  ])("are forty of %s, and others still wait", (_, networkOf, further, other) => {
    const devices = new DeviceTable(storage);
    for (let i = 0; i < 40; i++) expect(devices.add(request(`${i}`, networkOf(i)), at(0))).toBe(true);
    expect(devices.add(request("x", further), at(1))).toBe(false);
    expect(devices.add(request("y", other), at(1))).toBe(true);
    expect(devices.add(request("z", null), at(1))).toBe(true);
    expect(devices.add(request("x", further), at(300))).toBe(true);
  });

  it("no longer count for their network once a person has decided", () => {
    const devices = new DeviceTable(storage);
    for (let i = 0; i < 10; i++) devices.add(request(`${i}`), at(0));
    expect(devices.add(request("x"), at(1))).toBe(false);
    devices.decide("0", ALICE, at(2));
    devices.decide("1", null, at(2));
    for (const name of ["x", "y"]) expect(devices.add(request(name), at(3))).toBe(true);
    expect(devices.add(request("z"), at(3))).toBe(false);
  });

  it("do not share a code", () => {
    const devices = new DeviceTable(storage);
    devices.add(request("d"), at(0));
    expect(devices.add({ ...request("d"), deviceHash: "other" }, at(0))).toBe(false);
  });
});

it("five wrong codes a minute are a network's, twenty a block's, three hundred everybody's", () => {
  const limit = new AttemptLimit();
  const miss = () => err({ code: "user_code_unknown" as const });
  const codeOf = (network: string | null, seconds: number): string => {
    const found = limit.guard(network, at(seconds), miss);
    return found.ok ? "found" : found.error.code;
  };
  for (let i = 0; i < 5; i++) expect(codeOf("a", 0)).toBe("user_code_unknown");
  expect(limit.guard("a", at(59), () => ok(1))).toEqual(err({ code: "user_codes_exhausted" }));
  expect(limit.guard("b", at(59), () => ok(1))).toEqual(ok(1));
  expect(limit.guard("a", at(60), () => ok(1))).toEqual(ok(1));
  const ofBlock = Array.from({ length: 21 }, (_, i) => codeOf(`2001:db8:1:${i}::/64`, 60));
  expect(ofBlock.indexOf("user_codes_exhausted")).toBe(20);
  expect(limit.guard("2001:db8:11:1::/64", at(60), () => ok(1))).toEqual(ok(1));
  for (let i = 0; i < 300; i++) codeOf(`n${i}`, 61);
  expect(limit.guard("c", at(62), () => ok(1))).toEqual(err({ code: "user_codes_exhausted" }));
});
