// SPDX-License-Identifier: Apache-2.0
import { createPublicKey } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type IssuerKey,
  type KeyType,
  makeIssuerKey,
  part,
  signToken,
  signWithPublicKey,
} from "../../test/support/authority/identity-token.ts";
import { ok, type Result } from "../result.ts";
import { unixMs } from "../time.ts";
import { ALGORITHMS, type KeySet, parseJwks, type VerificationKey } from "./jwks.ts";
import { type KeySource, parseToken, type TokenError, type VerifiedClaims, verifyToken } from "./token.ts";

const NOW_SECONDS = 1_800_000_000;
const NOW = unixMs(NOW_SECONDS * 1000);
const CLAIMS = { iss: "https://issuer.example", sub: "subject", aud: "sigstore", exp: NOW_SECONDS + 60 };
const KEY = makeIssuerKey("one");
const OTHER = makeIssuerKey("two");

const keySet = (...keys: readonly IssuerKey[]): KeySet => {
  const parsed = parseJwks({ keys: keys.map(({ jwk }) => jwk) });
  if (!parsed.ok) throw new Error(parsed.error.reason);
  return { keys: parsed.value, algorithms: ALGORITHMS };
};

const source = (set: KeySet, refreshed: KeySet | null = null): KeySource<never> => ({
  read: async () => ok(set),
  refresh: async () => ok(refreshed),
});

async function verify(
  text: string,
  keys: KeySource<never> = source(keySet(KEY)),
  now = NOW,
): Promise<Result<VerifiedClaims, TokenError>> {
  const token = parseToken(text);
  return token.ok ? verifyToken(token.value, { audiences: ["sigstore", "other-service"], now }, keys) : token;
}

const refusal = async (text: string, keys?: KeySource<never>): Promise<unknown> => {
  const result = await verify(text, keys);
  return result.ok ? "accepted" : result.error.code;
};

const without = (claim: keyof typeof CLAIMS): Readonly<Record<string, unknown>> => ({ ...CLAIMS, [claim]: undefined });

describe("a token that is accepted", () => {
  it("yields its claims", async () => {
    expect(await verify(signToken(CLAIMS, KEY))).toEqual({ ok: true, value: CLAIMS });
  });

  it.each([
    ["several audiences", { aud: ["other", "sigstore"] }],
    ["exp in half a second (RFC 7519 §2: a NumericDate may have a fraction)", { exp: NOW_SECONDS + 0.5 }],
    ["nbf with a fraction", { nbf: NOW_SECONDS - 0.5 }],
    ["nbf null", { nbf: null }],
    ["nbf four minutes ahead", { nbf: NOW_SECONDS + 240 }],
    ["nbf five minutes ahead", { nbf: NOW_SECONDS + 300 }],
    ["iat in the future", { iat: NOW_SECONDS + 1000 }],
    ["exp in a second", { exp: NOW_SECONDS + 1 }],
    ["exp in a thousand years", { exp: NOW_SECONDS + 31_536_000_000 }],
    ["a subject in another script", { sub: "日本語 ✓" }],
  ])("%s", async (_, claims) => {
    expect(await refusal(signToken({ ...CLAIMS, ...claims }, KEY))).toBe("accepted");
  });

  it.each([
    ["RSA", "RS256"],
    ["RSA", "RS384"],
    ["RSA", "RS512"],
    ["RSA", "PS256"],
    ["RSA", "PS384"],
    ["RSA", "PS512"],
    ["P-256", "ES256"],
    ["P-384", "ES384"],
    ["P-521", "ES512"],
    ["Ed25519", "EdDSA"],
  ] as const satisfies readonly (readonly [KeyType, string])[])("%s with %s", async (type, alg) => {
    const key = makeIssuerKey("k", type);
    expect(await refusal(signToken(CLAIMS, key, { alg }), source(keySet(OTHER, key)))).toBe("accepted");
  });

  it("with the line break of a file, or a kid that is null", async () => {
    expect(await refusal(`${signToken(CLAIMS, KEY)}\r\n`)).toBe("accepted");
    expect(await refusal(signToken(CLAIMS, KEY, { kid: null }))).toBe("accepted");
  });

  it("without a kid, by any key", async () => {
    expect(await refusal(signToken(CLAIMS, KEY, { kid: undefined }), source(keySet(OTHER, KEY)))).toBe("accepted");
  });

  it("with keys in its header, which are ignored", async () => {
    const header = { jwk: OTHER.jwk, jku: "https://evil.example", x5u: "https://evil.example", x5c: ["AA=="] };
    expect(await refusal(signToken(CLAIMS, KEY, header))).toBe("accepted");
    expect(await refusal(signToken(CLAIMS, OTHER, { ...header, kid: "one" }))).toBe("token_signature_invalid");
  });
});

describe("a token that is rejected for its form", () => {
  const good = signToken(CLAIMS, KEY);
  const [header = "", payload = "", signature = ""] = good.split(".");
  it.each([
    ["nothing", "", "token_malformed"],
    ["one part", "abc", "token_malformed"],
    ["two parts", `${header}.${payload}`, "token_malformed"],
    ["four parts", `${good}.x`, "token_malformed"],
    ["five parts: JWE", "a.b.c.d.e", "token_malformed"],
    ["an empty signature", `${header}.${payload}.`, "token_malformed"],
    ["padding", `${header}.${payload}=.${signature}`, "token_malformed"],
    ["the standard alphabet", `${header}.${payload}+/.${signature}`, "token_malformed"],
    ["a space", ` ${good}`, "token_malformed"],
    ["a line break inside", good.replace(".", "\n."), "token_malformed"],
    ["the scheme", `bearer ${good}`, "token_malformed"],
    ["JSON serialization", JSON.stringify({ protected: header, payload, signature }), "token_malformed"],
    ["sixteen KiB and one", "a".repeat(16 * 1024 + 1), "token_too_large"],
    ["millions of dots", ".".repeat(5_000_000), "token_too_large"],
    ["a header that is not JSON", `${part("x")}.${payload}.${signature}`, "token_malformed"],
    ["a header that is a list", `${part("[]")}.${payload}.${signature}`, "token_malformed"],
    ["a payload that is not JSON", `${header}.${part("x")}.${signature}`, "token_malformed"],
    ["a payload that is a string", `${header}.${part('"x"')}.${signature}`, "token_malformed"],
    ["a payload that is null", `${header}.${part("null")}.${signature}`, "token_malformed"],
    [
      "a payload that is not UTF-8",
      `${header}.${Buffer.from([0x7b, 0xff, 0x7d]).toString("base64url")}.x`,
      "token_malformed",
    ],
    ["a second spelling of the same bytes", `${header}.${part("{}a")}b.${signature}`, "token_malformed"],
    ["a kid that is not a string", signToken(CLAIMS, KEY, { kid: 5 }), "token_malformed"],
    ["no alg", signToken(CLAIMS, KEY, { alg: undefined }), "token_algorithm"],
    ["alg none", `${part({ alg: "none" })}.${payload}.AA`, "token_algorithm"],
    ["alg None", `${part({ alg: "None" })}.${payload}.AA`, "token_algorithm"],
    ["an HMAC keyed with the public key", signWithPublicKey(CLAIMS, publicPem(KEY)), "token_algorithm"],
    ["ES256K", `${part({ alg: "ES256K" })}.${payload}.AA`, "token_algorithm"],
    ["an encryption algorithm", `${part({ alg: "RSA-OAEP" })}.${payload}.AA`, "token_algorithm"],
    ["crit", signToken(CLAIMS, KEY, { crit: ["exp"] }), "token_critical_header"],
    ["b64", signToken(CLAIMS, KEY, { crit: ["b64"], b64: false }), "token_critical_header"],
    ["an empty crit", signToken(CLAIMS, KEY, { crit: [] }), "token_critical_header"],
  ])("%s", async (_, text, code) => {
    expect(await refusal(text)).toBe(code);
  });

  it("a repeated member in the header or the payload", async () => {
    const claims = JSON.stringify(CLAIMS);
    expect(await refusal(signToken(`${claims.slice(0, -1)},"sub":"other"}`, KEY))).toBe("token_malformed");
    expect(await refusal(signToken(`${claims.slice(0, -1)},"su\\u0062":"other"}`, KEY))).toBe("token_malformed");
    const twice = part('{"alg":"RS256","alg":"none","kid":"one"}');
    expect(await refusal(`${twice}.${payload}.${signature}`)).toBe("token_malformed");
  });
});

function publicPem({ privateKey }: IssuerKey): string {
  return createPublicKey(privateKey).export({ type: "spki", format: "pem" }).toString();
}

describe("a token that is rejected for its claims", () => {
  it.each([
    ["no iss", without("iss"), "claim_missing"],
    ["an empty iss", { ...CLAIMS, iss: "" }, "claim_missing"],
    ["iss a list", { ...CLAIMS, iss: ["https://issuer.example"] }, "claim_invalid"],
    ["iss with NUL", { ...CLAIMS, iss: "https://issuer.example\u0000" }, "claim_invalid"],
    ["no sub", without("sub"), "claim_missing"],
    ["an empty sub", { ...CLAIMS, sub: "" }, "claim_missing"],
    ["sub null", { ...CLAIMS, sub: null }, "claim_missing"],
    ["sub a number", { ...CLAIMS, sub: 5 }, "claim_invalid"],
    ["sub with CR LF", { ...CLAIMS, sub: "a\r\nb" }, "claim_invalid"],
    ["sub with a C1 control", { ...CLAIMS, sub: "a\u0085b" }, "claim_invalid"],
    ["sub with half a surrogate pair", { ...CLAIMS, sub: "\ud800" }, "claim_invalid"],
    ["a very long sub", { ...CLAIMS, sub: "x".repeat(2049) }, "claim_invalid"],
    ["Sub for sub", { ...without("sub"), Sub: "x" }, "claim_missing"],
    ["no aud", without("aud"), "token_audience"],
    ["another aud", { ...CLAIMS, aud: "other" }, "token_audience"],
    ["aud as a part of ours", { ...CLAIMS, aud: "sigstor" }, "token_audience"],
    ["aud in another case", { ...CLAIMS, aud: "Sigstore" }, "token_audience"],
    ["an empty list", { ...CLAIMS, aud: [] }, "token_audience"],
    ["a list in a list", { ...CLAIMS, aud: [["sigstore"]] }, "token_audience"],
    ["aud an object", { ...CLAIMS, aud: { sigstore: true } }, "token_audience"],
    ["no exp", without("exp"), "claim_missing"],
    ["exp null", { ...CLAIMS, exp: null }, "claim_missing"],
    ["exp now", { ...CLAIMS, exp: NOW_SECONDS }, "token_expired"],
    ["exp a second ago", { ...CLAIMS, exp: NOW_SECONDS - 1 }, "token_expired"],
    ["exp 0", { ...CLAIMS, exp: 0 }, "token_expired"],
    ["exp negative", { ...CLAIMS, exp: -1 }, "claim_invalid"],
    ["exp quoted", { ...CLAIMS, exp: String(NOW_SECONDS + 60) }, "claim_invalid"],
    ["exp half a second ago", { ...CLAIMS, exp: NOW_SECONDS - 0.5 }, "token_expired"],
    ["exp beyond all dates", { ...CLAIMS, exp: 1e300 }, "claim_invalid"],
    ["exp a boolean", { ...CLAIMS, exp: true }, "claim_invalid"],
    ["nbf six minutes ahead", { ...CLAIMS, nbf: NOW_SECONDS + 360 }, "token_not_yet_valid"],
    ["nbf quoted", { ...CLAIMS, nbf: "1" }, "claim_invalid"],
  ])("%s", async (_, claims, code) => {
    expect(await refusal(signToken(claims, KEY))).toBe(code);
  });

  it("before its keys are requested", async () => {
    const unasked = async (): Promise<never> => expect.unreachable("keys were asked for");
    const keys = { read: unasked, refresh: unasked };
    for (const claims of [{ exp: 1 }, { aud: "x" }, { sub: "" }, { nbf: NOW_SECONDS + 1000 }]) {
      expect((await verify(signToken({ ...CLAIMS, ...claims }, KEY), keys)).ok).toBe(false);
    }
  });
});

describe("a token that is rejected for its signature", () => {
  it.each([
    ["of another key with this kid", signToken(CLAIMS, { ...OTHER, keyId: "one" }), "token_signature_invalid"],
    ["of an unknown key", signToken(CLAIMS, OTHER), "token_key_unknown"],
    ["of an unknown key, without a kid", signToken(CLAIMS, OTHER, { kid: undefined }), "token_signature_invalid"],
    [
      "with an algorithm of another key type",
      `${part({ alg: "ES256", kid: "one" })}.${part(CLAIMS)}.AAAA`,
      "token_key_unknown",
    ],
  ])("%s", async (_, text, code) => {
    expect(await refusal(text)).toBe(code);
  });

  it("over other claims", async () => {
    const [header, , signature] = signToken(CLAIMS, KEY).split(".");
    const forged = `${header}.${part({ ...CLAIMS, sub: "admin" })}.${signature}`;
    expect(await refusal(forged)).toBe("token_signature_invalid");
  });

  it("with an algorithm that its issuer does not list", async () => {
    const keys = source({ ...keySet(KEY), algorithms: ["ES256", "RS512"] });
    expect(await verify(signToken(CLAIMS, KEY), keys)).toEqual({
      ok: false,
      error: { code: "token_algorithm", allowed: ["ES256", "RS512"] },
    });
  });

  it("with an algorithm that its key does not allow", async () => {
    const restricted = { ...KEY, jwk: { ...KEY.jwk, alg: "RS256" } };
    expect(await refusal(signToken(CLAIMS, KEY, { alg: "PS256" }), source(keySet(restricted)))).toBe(
      "token_key_unknown",
    );
  });

  it("by a key that cannot be imported", async () => {
    const broken: VerificationKey = { keyId: "one", algorithm: null, jwk: { kty: "RSA", n: "AA", e: "AQAB" } };
    const keys = source({ keys: [broken], algorithms: ALGORITHMS });
    expect(await refusal(signToken(CLAIMS, KEY), keys)).toBe("token_signature_invalid");
  });
});

describe("refreshed keys", () => {
  it("help with an unknown kid", async () => {
    expect(await refusal(signToken(CLAIMS, OTHER), source(keySet(KEY), keySet(KEY, OTHER)))).toBe("accepted");
    expect(await refusal(signToken(CLAIMS, OTHER), source(keySet(KEY), keySet(KEY)))).toBe("token_key_unknown");
  });

  it("help with a token without a kid", async () => {
    const text = signToken(CLAIMS, OTHER, { kid: undefined });
    expect(await refusal(text, source(keySet(KEY), keySet(OTHER)))).toBe("accepted");
  });

  it("are not requested if a known key did not sign", async () => {
    const keys = { ...source(keySet(KEY)), refreshed: async (): Promise<never> => expect.unreachable("asked") };
    expect(await refusal(signToken(CLAIMS, { ...OTHER, keyId: "one" }), keys)).toBe("token_signature_invalid");
  });
});

it("parseToken never throws", () => {
  fc.assert(fc.property(fc.string(), (text) => void parseToken(text)));
  fc.assert(fc.property(fc.json(), fc.json(), (a, b) => void parseToken(`${part(a)}.${part(b)}.AA`)));
});
