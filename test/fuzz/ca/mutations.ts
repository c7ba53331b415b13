// SPDX-License-Identifier: Apache-2.0
// Mutations that break a request, or write an equivalent one. Each changes one thing in a draft.

import { isObject } from "../../../shared/json/member.ts";
import type { Random } from "../../faults/random.ts";
import REQUESTS from "../../vectors/csr/requests.json" with { type: "json" };
import type { Draft } from "./valid-request.ts";

type Mutation = (draft: Draft, random: Random) => void;
type Json = Record<string, unknown>;

/** Texts that have broken parsers, templates, encoders and logs. */
export const TEXTS: readonly string[] = [
  "",
  " ",
  "a",
  "0",
  "null",
  "<nil>",
  "true",
  "%",
  "%zz",
  "%00",
  "%2e%2e",
  "..",
  "../..",
  "//",
  "a//b",
  "/",
  "?",
  "#",
  "?a=b#c",
  "a@b",
  "a@b.example",
  "a!b",
  "ä",
  "日本語",
  "✓",
  "🎉",
  "\u0000",
  "\n",
  "\r\n",
  "\t",
  "\u007f",
  "\u0085",
  "\u200b",
  "\u202e",
  "\ud800",
  "\udfff",
  "\ufeff",
  "e\u0301",
  "{{ .sha }}",
  "{{",
  "}}",
  "${jndi:x}",
  "$1 $&",
  "<script>",
  "'",
  '"',
  "`",
  "\\",
  "|",
  "^",
  "[::1]",
  "a b",
  "a+b",
  "a,b;c",
  "refs/heads/main",
  "https://evil.example",
  "http://[::1]:80/",
  "javascript:alert(1)",
  "spiffe://prod.example.org/x",
  "xn--bcher-kva.example",
  "CN=evil",
  "a=b,c=d",
  "x".repeat(255),
  "x".repeat(2048),
  "x".repeat(2049),
  "ä".repeat(1100),
  "constructor",
  "__proto__",
  "toString",
  "-",
  "--",
  "\u00ff",
];
export const VALUES: readonly unknown[] = [
  null,
  true,
  false,
  0,
  -1,
  1,
  1.5,
  1e21,
  1e300,
  2 ** 53,
  [],
  [""],
  ["a", "b"],
  [null],
  {},
  { a: 1 },
  { namespace: "a" },
  [[[[]]]],
];

const text = (random: Random): string => random.pick(TEXTS);
const value = (random: Random): unknown => (random.chance(0.6) ? text(random) : random.pick(VALUES));

function corruptText(original: string, random: Random): string {
  const at = random.below(original.length + 1);
  const kind = random.below(5);
  if (kind === 0) return original.slice(0, at) + original.slice(at + 1);
  if (kind === 1) return original.slice(0, at) + text(random) + original.slice(at);
  if (kind === 2) return original.slice(0, at);
  if (kind === 3) return original.slice(0, at) + String.fromCharCode(random.below(128)) + original.slice(at + 1);
  return original + original.slice(at);
}

function corruptBytes(original: Buffer, random: Random): Buffer {
  const copy = Buffer.from(original);
  const at = random.below(copy.length);
  const kind = random.below(4);
  if (kind === 0) return copy.subarray(0, at);
  if (kind === 1) return Buffer.concat([copy, random.bytes(1 + random.below(8))]);
  if (kind === 2) return Buffer.concat([copy.subarray(0, at), copy.subarray(at + 1)]);
  copy[at] = (copy[at] ?? 0) ^ (1 << random.below(8));
  return copy;
}

/** Mutates the DER in a PEM text and encodes it again. */
function corruptPem(pem: string, random: Random): string {
  const [, label = "PUBLIC KEY", body = ""] = /-----BEGIN ([^-]+)-----\n([^-]*)/.exec(pem) ?? [];
  const der = corruptBytes(Buffer.from(body, "base64"), random);
  return `-----BEGIN ${label}-----\n${(der.toString("base64").match(/.{1,64}/g) ?? []).join("\n")}\n-----END ${label}-----\n`;
}

const setClaim =
  (name: string, make: (random: Random) => unknown): Mutation =>
  (draft, random) => {
    draft.claims[name] = make(random);
  };

const anyClaim = ({ claims }: Draft, random: Random): string => random.pick(Object.keys(claims));
/** Picks a claim specific to the issuer type. */
const ownClaim = ({ identity }: Draft, random: Random): string => random.pick(Object.keys(identity.claims));

function follow(draft: Draft): void {
  // A client signs what its token says, so that a changed claim is not rejected for its proof alone.
  const { email, sub } = draft.claims;
  if (typeof email === "string" && draft.challenge.includes("@")) draft.challenge = email;
  else if (typeof sub === "string") draft.challenge = sub;
}

/** These never, or only sometimes, make a request invalid. */
const HARMLESS: readonly Mutation[] = [
  (draft, random) => void (draft.claims[`extra-${random.below(9)}`] = value(random)),
  (draft) => void (draft.claims["aud"] = ["other", "sigstore"]),
  (draft, random) => void (draft.claims["nbf"] = Number(draft.claims["iat"]) - random.below(600)),
  (draft) => void delete draft.header["typ"],
  (draft) => void delete draft.header["kid"],
  (draft, random) => void (draft.header["jku"] = text(random)),
  (draft, random) => void (draft.headers["accept"] = random.pick(["application/pem-certificate-chain", "*/*", ""])),
  (draft, random) =>
    void (draft.headers["content-type"] = random.pick(["text/plain", "application/json; charset=x", ""])),
  (draft, random) => void (draft.headers["x-request-id"] = text(random)),
  (draft, random) => void (draft.corruptText = (body) => " ".repeat(random.below(5)) + body),
  (draft, random) => {
    const more = value(random);
    draft.corruptBody = (body) => ({ ...body, unknown: more });
  },
  (draft) => void (draft.corruptBody = toSnakeCase),
  (draft) =>
    void (draft.corruptText = (body) =>
      body.replace(/"[A-Za-z0-9+/]{80,}=*"/g, (bytes) =>
        bytes.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", ""),
      )),
  (draft, random) => {
    const name = ownClaim(draft, random);
    if (!draft.identity.needs.includes(name)) delete draft.claims[name];
  },
  (draft, random) => {
    const name = ownClaim(draft, random);
    if (typeof draft.claims[name] === "string")
      draft.claims[name] = draft.claims[name] + random.pick(["x", "-1", "é", "%41", "✓", "~"]);
    follow(draft);
  },
];

function toSnakeCase(body: unknown): unknown {
  if (!isObject(body)) return body;
  return Object.fromEntries(
    Object.entries(body as Json).map(([name, inner]) => [
      name.replaceAll(/[A-Z]/g, (c) => `_${c.toLowerCase()}`),
      toSnakeCase(inner),
    ]),
  );
}

const HARMFUL: readonly Mutation[] = [
  (draft, random) => {
    draft.claims[ownClaim(draft, random)] = value(random);
    follow(draft);
  },
  (draft, random) => void delete draft.claims[anyClaim(draft, random)],
  (draft, random) => {
    const name = ownClaim(draft, random);
    draft.claims[name] = corruptText(String(draft.claims[name]), random);
    follow(draft);
  },
  setClaim("iss", value),
  setClaim("sub", value),
  setClaim("aud", value),
  setClaim("exp", (random) => random.pick([value(random), 0, -1, 1e12, 8_640_000_000_000, 8_640_000_000_001, 1e308])),
  setClaim("nbf", (random) => random.pick([value(random), 1e12, -1])),
  setClaim("email", value),
  setClaim("email_verified", value),
  setClaim("jti", value),
  (draft, random) =>
    void (draft.header["alg"] = random.pick(["none", "HS256", "RS256", "ES384", "PS256", "EdDSA", "es256", null, 5])),
  (draft, random) => void (draft.header["kid"] = value(random)),
  (draft, random) => void (draft.header["crit"] = value(random)),
  (draft) => void (draft.header["stranger"] = true),
  (draft, random) => void (draft.header["x".repeat(random.below(20_000))] = 1),
  (draft, random) => void (draft.corruptToken = (token) => corruptText(token, random)),
  (draft, random) => void (draft.corruptToken = () => text(random)),
  (draft, random) => void (draft.challenge = text(random)),
  (draft, random) => void (draft.corruptProof = (proof) => corruptBytes(proof, random)),
  (draft) => void (draft.corruptProof = () => Buffer.alloc(0)),
  (draft, random) => void (draft.pem = corruptText(draft.pem, random)),
  (draft, random) => void (draft.pem = corruptPem(draft.pem, random)),
  (draft, random) => void (draft.pem = text(random)),
  (draft, random) => void (draft.csr = random.pick(REQUESTS).pem),
  (draft, random) => void (draft.csr = corruptPem(draft.csr ?? random.pick(REQUESTS).pem, random)),
  (draft, random) => void (draft.csr = corruptText(draft.csr ?? random.pick(REQUESTS).pem, random)),
  (draft, random) => void (draft.method = random.pick(["GET", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH"])),
  (draft, random) => void (draft.corruptText = (body) => corruptText(body, random)),
  (draft, random) =>
    void (draft.corruptText = () =>
      random.pick(["", "null", "[]", "{}", '"x"', "[".repeat(100_000), "1e999", "\ufeff{}"])),
  (draft, random) => {
    const inner = value(random);
    draft.corruptBody = (body) => ({ ...body, [random.pick([...Object.keys(body), "credentials"])]: inner });
  },
  (draft, random) => void (draft.headers["authorization"] = text(random)),
];

/** Applies one to three mutations. */
export function mutate(draft: Draft, random: Random): void {
  const count = 1 + random.below(3);
  for (let i = 0; i < count; i++) random.pick(random.chance(0.5) ? HARMLESS : HARMFUL)(draft, random);
}
