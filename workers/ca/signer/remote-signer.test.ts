// SPDX-License-Identifier: Apache-2.0
import { createPrivateKey, createPublicKey, sign } from "node:crypto";
import { describe, expect, it } from "vitest";
import { createFetchOutside, type FetchOutside, type PlatformFetch } from "../../../shared/http/outside.ts";
import { unixMs } from "../../../shared/time.ts";
import { makeCaMaterial } from "../../../test/support/authority/ca.ts";
import { parseCaChain } from "./ca-chain.ts";
import { createRemoteSigner, isRemoteKey, parseRemoteKey } from "./remote-signer.ts";

const NOW = unixMs(1_800_000_000_000);
const MATERIAL = makeCaMaterial(NOW);
const OTHER = makeCaMaterial(NOW);
const MESSAGE = new TextEncoder().encode("to be signed");
const KEY = { url: "https://vault.example/v1/transit/sign/ca", token: "s.secret", keyVersion: 3 };

function spkiOf({ CA_CHAIN }: { readonly CA_CHAIN: string }): Uint8Array {
  const chain = parseCaChain(CA_CHAIN);
  if (!chain.ok) throw new Error(chain.error);
  return chain.value.issuer.spki;
}

const outsideBy = (fetch: PlatformFetch): FetchOutside =>
  createFetchOutside({ fetch, ownHosts: [], allowsLoopback: false });
const signatureBy = (pem: string): string => sign("sha256", MESSAGE, createPrivateKey(pem)).toString("base64");
const answer = (signature: unknown, status = 200): Response => Response.json({ data: { signature } }, { status });

describe("a remote signer", () => {
  it("signs, authenticated by the token", async () => {
    const asked: { url: string; init: RequestInit }[] = [];
    const signer = createRemoteSigner(
      KEY,
      spkiOf(MATERIAL),
      outsideBy(async (url, init) => {
        asked.push({ url, init });
        return answer(`vault:v3:${signatureBy(MATERIAL.CA_KEY)}`);
      }),
    );
    const signature = await signer.sign(MESSAGE);
    expect(Buffer.from(signature).toString("base64")).toMatch(/^ME/);
    expect(asked[0]?.url).toBe("https://vault.example/v1/transit/sign/ca/sha2-256");
    expect(asked[0]?.init).toMatchObject({
      method: "POST",
      redirect: "manual",
      cache: "no-store",
      headers: { "x-vault-token": "s.secret" },
    });
    const digest = Buffer.from(await crypto.subtle.digest("SHA-256", MESSAGE)).toString("base64");
    expect(JSON.parse(asked[0]?.init.body as string)).toEqual({
      input: digest,
      prehashed: true,
      marshaling_algorithm: "asn1",
      key_version: 3,
    });
    expect(createPublicKey({ key: Buffer.from(signer.spki), type: "spki", format: "der" }).asymmetricKeyType).toBe(
      "ec",
    );
  });

  it.each<[string, () => Response | Promise<Response>]>([
    ["another key's signature", () => answer(`vault:v1:${signatureBy(OTHER.CA_KEY)}`)],
    ["a text that is not a signature", () => answer("vault:v1:AAAA")],
    ["a signature without a version", () => answer(signatureBy(MATERIAL.CA_KEY))],
    ["a number", () => answer(5)],
    ["invalid base64", () => answer("vault:v1:%")],
    ["no data", () => Response.json({})],
    ["a list", () => Response.json([])],
    ["a body that is not JSON", () => new Response("<html>")],
    ["a body that is too large", () => new Response(`{"a":"${"x".repeat(20_000)}"}`)],
    ["403", () => answer("secret", 403)],
    ["a redirect", () => new Response(null, { status: 302, headers: { location: "https://evil.example" } })],
    ["no response", () => Promise.reject(new TypeError("connection lost"))],
  ])("is rejected when it answers with %s, without quoting the response", async (_, respond) => {
    const signer = createRemoteSigner(
      KEY,
      spkiOf(MATERIAL),
      outsideBy(async () => respond()),
    );
    const failure = await signer.sign(MESSAGE).then(
      () => "signed",
      (error: unknown) => String(error),
    );
    expect(failure).toMatch(
      /^Error: the signer(?: answered with status|'s response (?:is not a|is larger than|could not be fetched:)) /,
    );
    expect(failure).not.toMatch(/secret|html|x{20}|connection lost/);
  });
});

describe("the address of a remote key", () => {
  it.each([
    ["https://s.token@vault.example/v1/transit/sign/ca", { url: KEY.url, token: "s.token", keyVersion: null }],
    [
      "https://s.token@vault.example/v1/transit/sign/ca?key_version=12",
      { url: KEY.url, token: "s.token", keyVersion: 12 },
    ],
    ["https://a%2Fb@vault.example:8200/x", { url: "https://vault.example:8200/x", token: "a/b", keyVersion: null }],
    ["http://t@127.0.0.1:8200/x", { url: "http://127.0.0.1:8200/x", token: "t", keyVersion: null }],
  ])("accepts %s", (text, value) => {
    expect(isRemoteKey(text)).toBe(true);
    expect(parseRemoteKey(text, true)).toEqual({ ok: true, value });
  });

  it.each([
    ["https://", "is not a URL; give it as https://TOKEN@HOST/v1/transit/sign/NAME?key_version=1"],
    ["https://vault.example/x", "must have the signer's token as its user name, and no password"],
    ["https://secret:password@vault.example/x", "must have the signer's token as its user name, and no password"],
    ["http://secret@vault.example/x", "must start with https://"],
    ["http://secret@127.0.0.1/x", "is a loopback address, for development only"],
    ["https://secret@vault.example/x?y", "must have no query but ?key_version=NUMBER"],
    ["https://secret@vault.example/x?key_version=0", "must have no query but ?key_version=NUMBER"],
    ["https://secret@vault.example/x?key_version=1&y", "must have no query but ?key_version=NUMBER"],
    ["https://secret@vault.example/x#y", "must not have a fragment"],
    ["https://secret%zz@vault.example/x", "has a user name that is not a token, or has an invalid percent escape"],
    ["https://secret%0a@vault.example/x", "has a user name that is not a token, or has an invalid percent escape"],
  ])("rejects %s", (text, problem) => {
    const parsed = parseRemoteKey(text, false);
    expect(parsed).toEqual({ ok: false, error: problem });
    expect(JSON.stringify(parsed)).not.toContain("secret");
  });
});
