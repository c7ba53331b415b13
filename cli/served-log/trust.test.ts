// SPDX-License-Identifier: Apache-2.0

import { describe, expect, test } from "vitest";
import type { LogKind } from "../../shared/logs/kinds.ts";
import type { Result } from "../../shared/result.ts";
import { ecdsaSigner, ed25519Signer, treeHeadSigner, witnessSigner } from "../../test/support/logs/served-log.ts";
import { valueOf } from "../../test/support/value-of.ts";
import { listTrustedLogs, logOfTrustedRoot, logOfVkeys, type TrustedLog, verifiersOf } from "./trust.ts";
import { readTrustedRoot } from "./trusted-root.ts";

const URL = "https://log.example.com";
const keyOf = (vkey: string): Buffer => Buffer.from(vkey.split("+").slice(2).join("+"), "base64").subarray(1);
const SPKI_ED25519 = Buffer.from("302a300506032b6570032100", "hex");

describe("verifier keys", () => {
  test("name the log: its kind by their type, its origin by their name", () => {
    const keys = [ecdsaSigner("log.example.com").vkey, ed25519Signer("log.example.com").vkey];
    const expected = { url: URL, kind: "signature", origin: "log.example.com", isRekor: false };
    expect(logOfVkeys(URL, keys, null)).toEqual({ ok: true, value: { ...expected, vkeys: keys } });
    expect(logOfVkeys(URL, keys, "certificate")).toMatchObject({ value: { kind: "certificate" } });
    expect(logOfVkeys(URL, [treeHeadSigner("ct").vkey], null)).toMatchObject({
      value: { kind: "certificate", origin: "ct" },
    });
  });

  test("name a Rekor v1 log by its path and the host name in its origin", () => {
    const { vkey } = ecdsaSigner("log.example.com");
    const origin = expect.stringMatching(/^log\.example\.com - [1-9]\d{0,18}$/) as string;
    expect(logOfVkeys(`${URL}/rekor-v1`, [vkey], null)).toMatchObject({ value: { kind: "rekor-v1", origin } });
    expect(logOfVkeys(`${URL}/rekor-v1`, [ecdsaSigner("x.example").vkey], null)).toMatchObject({
      value: { kind: "signature", origin: "x.example" },
    });
  });

  test.each<[string, readonly string[], RegExp]>([
    ["no key", ["what"], /what is not a verifier key: give it as/],
    ["a key id of another name", [ed25519Signer("a").vkey.replace(/^a/, "b")], /id does not match/],
    ["a key of an unknown type", ["a+00000000+/wAA"], /type must be 01/],
    ["a witness's key", [witnessSigner("w").vkey], /give it with --witness/],
    ["keys of two logs", [ed25519Signer("a").vkey, ed25519Signer("b").vkey], /different logs: a, b/],
    ["bytes that are not a key", ["a+2c624232+Ajg="], /give it as/],
  ])("refuse %s", (_, keys, reason) => {
    expect(logOfVkeys(URL, keys, null)).toMatchObject({ ok: false, error: expect.stringMatching(reason) as string });
  });

  test("in the form of the public log are accepted", () => {
    const vkey = "log2025-1.rekor.sigstore.dev+cf119915+AbfK5adZJxsI323FwGD2AJJ9F4i89cfDuLdGJBIYntuO";
    expect(valueOf(logOfVkeys("https://log2025-1.rekor.sigstore.dev/api/v2", [vkey], null))).toMatchObject({
      origin: "log2025-1.rekor.sigstore.dev",
      kind: "signature",
    });
  });
});

describe("a trusted root", () => {
  const ecdsa = keyOf(ecdsaSigner("x").vkey);
  const treeHead = keyOf(treeHeadSigner("x").vkey);
  const ed25519 = Buffer.concat([SPKI_ED25519, keyOf(ed25519Signer("x").vkey)]);
  const instance = (baseUrl: string, spki: Buffer): object => ({
    baseUrl,
    publicKey: { rawBytes: spki.toString("base64"), keyDetails: "ignored" },
  });
  const root = (tlogs: unknown, ctlogs: unknown): Buffer => Buffer.from(JSON.stringify({ tlogs, ctlogs }));
  const usual = root([instance(URL, ecdsa)], [instance(`${URL}/ct`, treeHead)]);

  const logIn = (url: string, json: Buffer, kind: LogKind | null): Result<TrustedLog, string> => {
    const parsed = readTrustedRoot(json);
    return parsed.ok ? logOfTrustedRoot(url, parsed.value, kind) : parsed;
  };

  test.each<[string, Buffer, LogKind | null, object]>([
    [URL, usual, null, { url: URL, kind: "signature", origin: "log.example.com", isRekor: true }],
    [`${URL}/api/v2`, usual, null, { url: `${URL}/api/v2`, kind: "signature", origin: "log.example.com" }],
    [`${URL}/ct`, usual, null, { url: `${URL}/ct`, kind: "certificate", origin: "log.example.com/ct" }],
    [`${URL}/ct`, usual, "certificate", { url: `${URL}/ct`, kind: "certificate" }],
    [URL, usual, "certificate", { url: `${URL}/ct`, kind: "certificate" }],
    [URL, root([instance(`${URL}/`, ed25519)], []), null, { kind: "signature" }],
    [
      URL,
      root([instance("https://rekor.example", ecdsa), 5, {}, instance(URL, ecdsa)], null),
      null,
      { kind: "signature" },
    ],
  ])("names the log at %s (%#)", (url, json, kind, expected) => {
    const log = valueOf(logIn(url, json, kind));
    expect(log).toMatchObject(expected);
    expect(verifiersOf(log.vkeys).ok).toBe(true);
  });

  test("lists logs of both versions of Rekor under one member", () => {
    const json = root([instance(URL, ecdsa), instance(`${URL}/rekor-v1`, ecdsa)], []);
    expect(valueOf(logIn(URL, json, null))).toMatchObject({ kind: "signature", vkeys: [expect.any(String)] });
    const log = valueOf(logIn(`${URL}/rekor-v1`, json, null));
    expect(log).toMatchObject({ kind: "rekor-v1", origin: expect.stringMatching(/ - \d+$/) as string });
    expect(log.vkeys[0]).toMatch(/^log\.example\.com\+/);
    expect(listTrustedLogs(valueOf(readTrustedRoot(json))).map(({ url, kind }) => [url, kind])).toEqual([
      [URL, "signature"],
      [`${URL}/rekor-v1`, "rekor-v1"],
    ]);
  });

  test("may list several keys for one log", () => {
    const json = root([instance(URL, ecdsa), instance(URL, ed25519)], []);
    expect(valueOf(logIn(URL, json, null)).vkeys.length).toBe(2);
  });

  test("lists every log once, with the kind that its member and its path say", () => {
    const v1 = instance(`${URL}/rekor-v1`, ecdsa);
    const json = root(
      [instance(URL, ecdsa), v1, instance(URL, ed25519)],
      [instance("https://ct.example/2026", treeHead)],
    );
    const listed = listTrustedLogs(valueOf(readTrustedRoot(json)));
    expect(listed.map(({ url, kind, log }) => [url, kind, valueOf(log).vkeys.length])).toEqual([
      [URL, "signature", 2],
      ["https://ct.example/2026", "certificate", 1],
      [`${URL}/rekor-v1`, "rekor-v1", 1],
    ]);
    expect(valueOf(logIn(`${URL}/rekor-v1`, json, null)).kind).toBe("rekor-v1");
    expect(logIn(URL, usual, "rekor-v1").ok).toBe(false);
  });

  test.each<[string, Buffer, LogKind | null, RegExp]>([
    ["https://other.example", usual, null, /lists no log/],
    ["https://other.example", usual, "certificate", /lists no log/],
    [URL, Buffer.from("{"), null, /JSON/],
    [URL, Buffer.from("null"), null, /lists no log/],
    [URL, root([instance(URL, Buffer.from("no key"))], []), null, /no key/],
    [URL, root([], [instance(`${URL}/a`, treeHead), instance(`${URL}/b`, treeHead)]), "certificate", /several/],
  ])("says what is wrong: %s (%#)", (url, json, kind, reason) => {
    expect(logIn(url, json, kind)).toMatchObject({
      ok: false,
      error: expect.stringMatching(reason) as string,
    });
  });
});
