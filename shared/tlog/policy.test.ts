// SPDX-License-Identifier: Apache-2.0
import { generateKeyPairSync } from "node:crypto";
import { describe, expect, it } from "vitest";
import { ed25519CosignatureKeyId, formatVkey, NOTE_COSIGNATURE, NOTE_ED25519 } from "./note.ts";
import { isQuorum, parseWitnessPolicy } from "./policy.ts";

const key = (): Uint8Array =>
  new Uint8Array(generateKeyPairSync("ed25519").publicKey.export({ format: "der", type: "spki" })).subarray(-32);
const vkey = (name: string, type = NOTE_COSIGNATURE): string => {
  const bytes = key();
  return formatVkey(name, ed25519CosignatureKeyId(name, bytes), type, bytes);
};
const W = (name: string): string => `witness ${name} ${vkey(`${name}.example`)} https://${name}.example/`;
const text = (...lines: readonly string[]): string => `${lines.join("\n")}\n`;

describe("parseWitnessPolicy", () => {
  it("reads witnesses, nested groups, comments and the quorum", () => {
    const parsed = parseWitnessPolicy(
      text(
        "# ours",
        "log whatever",
        W("a"),
        W("b"),
        `${W("c")} # third`,
        "group two 2 a b c",
        W("d"),
        "group g any two d",
        "",
        "quorum g",
      ),
    );
    if (!parsed.ok) throw new Error(parsed.error.reason);
    expect(parsed.value.witnesses.map(({ name, url }) => [name, url])).toEqual([
      ["a", "https://a.example"],
      ["b", "https://b.example"],
      ["c", "https://c.example"],
      ["d", "https://d.example"],
    ]);
    const has = (...names: readonly string[]): boolean => isQuorum(parsed.value, new Set(names));
    expect([has(), has("a"), has("a", "c"), has("d"), has("x", "y")]).toEqual([false, false, true, true, false]);
  });

  it("accepts every set under quorum none", () => {
    const parsed = parseWitnessPolicy(text(W("a"), "quorum none"));
    expect(parsed.ok && isQuorum(parsed.value, new Set())).toBe(true);
  });

  it.each([
    ["no quorum", text(W("a")), 0],
    ["two quorums", text(W("a"), "quorum a", "quorum a"), 3],
    ["an unknown keyword", text("wittness a"), 1],
    ["a witness twice", text(W("a"), W("a"), "quorum a"), 2],
    ["a group named none", text(W("a"), "group none all a", "quorum a"), 2],
    ["a reference to a later line", text("group g all a", W("a"), "quorum g"), 1],
    ["a member of two groups", text(W("a"), "group g all a", "group h all a", "quorum g"), 3],
    ["a threshold of zero", text(W("a"), "group g 0 a", "quorum g"), 2],
    ["a threshold above the members", text(W("a"), "group g 2 a", "quorum g"), 2],
    ["a group without members", text("group g all", "quorum g"), 1],
    ["a quorum that is not defined", text(W("a"), "quorum b"), 2],
    ["a key of another type", text(`witness a ${vkey("a", NOTE_ED25519)}`, "quorum a"), 1],
    [
      "a key id that is not the key's",
      text(`witness a ${vkey("a").replace(/\+[0-9a-f]{8}\+/, "+00000000+")}`, "quorum a"),
      1,
    ],
    ["a URL without a scheme", text(`witness a ${vkey("a")} a.example`, "quorum a"), 1],
    ["33 witnesses", text(...Array.from({ length: 33 }, (_, i) => W(`w${i}`)), "quorum w1"), 33],
  ])("rejects %s", (_, policy, line) => {
    expect(parseWitnessPolicy(policy)).toMatchObject({ ok: false, error: { code: "policy_invalid", line } });
  });
});
