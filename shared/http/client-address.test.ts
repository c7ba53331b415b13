// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from "vitest";
import { blockOf, clientNetwork } from "./client-address.ts";

const networkOf = (address: string | null): string | null =>
  clientNetwork(
    new Request("https://host.example", { headers: address === null ? {} : { "cf-connecting-ip": address } }),
  );

describe("clientNetwork", () => {
  it.each([
    ["192.0.2.1", "192.0.2.1"],
    [" 192.0.2.1 ", "192.0.2.1"],
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
    ["2001:db8:1:2::", "2001:db8:1:2::/64"],
    ["2001:0DB8:0001:0002:ffff::1", "2001:db8:1:2::/64"],
    ["2001:db8::1", "2001:db8:0:0::/64"],
    ["::1", "0:0:0:0::/64"],
    ["::", "0:0:0:0::/64"],
    ["2001:db8:1:2:3:4:192.0.2.1", "2001:db8:1:2::/64"],
    // One client, whatever its socket calls it.
    ["::ffff:192.0.2.1", "192.0.2.1"],
    ["::FFFF:c000:201", "192.0.2.1"],
    ["0:0:0:0:0:ffff:c000:0201", "192.0.2.1"],
    ["fe80::1%eth0", "fe80:0:0:0::/64"],
  ])("%s is in %s", (address, network) => expect(networkOf(address)).toBe(network));

  it.each([
    "",
    "192.0.2",
    "192.0.2.256",
    "192.0.2.01",
    "2001:db8",
    "1:2:3:4:5:6:7:8:9",
    "1::2::3",
    "1:2:3:4::5:6:7:8",
    "12345::",
    "host.example",
    "192.0.2.1, 192.0.2.2",
    "x".repeat(10_000),
  ])("%j names no network", (address) => expect(networkOf(address)).toBeNull());

  it("is null without an address", () => expect(networkOf(null)).toBeNull());
});

describe("blockOf", () => {
  it.each([
    ["192.0.2.1", "192.0.2."],
    ["::ffff:192.0.2.1", "192.0.2."],
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:"],
    ["2001:db8:1::", "2001:db8:1:"],
    ["::1", "0:0:0:"],
  ])("%s is in the block that begins with %s", (address, block) => {
    expect(blockOf(networkOf(address) ?? "")).toBe(block);
  });
});
