// SPDX-License-Identifier: Apache-2.0
// A request that the CA grants, in parts that can be broken one by one before they are assembled.

import { generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import type { Random } from "../../faults/random.ts";
import { identityAt, KNOWN_IDENTITIES, type KnownIdentity } from "../../support/authority/identities.ts";
import { type IssuerKey, makeIssuerKey, part } from "../../support/authority/identity-token.ts";
import REQUESTS from "../../vectors/csr/requests.json" with { type: "json" };

type Json = Record<string, unknown>;

/** A request before it is encoded. Claims and header are signed in their final form. */
export interface Draft {
  readonly identity: KnownIdentity;
  readonly claims: Json;
  readonly header: Json;
  readonly clientKey: ClientKey;
  /** Changes the token after it was signed. */
  corruptToken: (token: string) => string;
  challenge: string;
  pem: string;
  corruptProof: (proof: Buffer) => Buffer;
  /** PEM of a signing request that replaces key and proof. */
  csr: string | null;
  version: "v1" | "v2";
  tokenIn: "body" | "header";
  readonly headers: Record<string, string>;
  method: string;
  /** Changes the message before it is encoded, and its text. */
  corruptBody: (body: Json) => unknown;
  corruptText: (text: string) => string;
}

interface ClientKey {
  readonly privateKey: KeyObject;
  readonly pem: string;
  readonly hash: string | null;
}

const ISSUER_KEY: IssuerKey = makeIssuerKey("issuer", "P-256");
const STRANGER: IssuerKey = makeIssuerKey("issuer", "P-256");

function clientKey(
  { publicKey, privateKey }: { publicKey: KeyObject; privateKey: KeyObject },
  hash: string | null,
): ClientKey {
  return { privateKey, pem: publicKey.export({ type: "spki", format: "pem" }).toString(), hash };
}

const CLIENT_KEYS: readonly ClientKey[] = [
  clientKey(generateKeyPairSync("ec", { namedCurve: "prime256v1" }), "sha256"),
  clientKey(generateKeyPairSync("ec", { namedCurve: "prime256v1" }), "sha256"),
  clientKey(generateKeyPairSync("ec", { namedCurve: "secp384r1" }), "sha384"),
  clientKey(generateKeyPairSync("ec", { namedCurve: "secp521r1" }), "sha512"),
  clientKey(generateKeyPairSync("ed25519"), null),
  clientKey(generateKeyPairSync("rsa", { modulusLength: 2048 }), "sha256"),
];
const GOOD_CSRS = REQUESTS.filter(({ outcome }) => outcome === "ok").map(({ pem }) => pem);

const urlOf = ({ name }: KnownIdentity): string => `https://issuer.example.com/${encodeURIComponent(name)}`;
const IDENTITIES: readonly KnownIdentity[] = KNOWN_IDENTITIES.map((known) => identityAt(known, urlOf(known)));

/** The setting ISSUERS that grants these requests. */
export const ISSUERS: string = JSON.stringify(
  IDENTITIES.map((identity) => ({ "issuer-url": urlOf(identity), ...identity.row, jwks: { keys: [ISSUER_KEY.jwk] } })),
);

export function validDraft(random: Random, nowSeconds: number): Draft {
  const identity = random.pick(IDENTITIES);
  const key = random.pick(CLIENT_KEYS);
  return {
    identity,
    claims: {
      ...(JSON.parse(JSON.stringify(identity.claims)) as Json),
      iss: urlOf(identity),
      aud: "sigstore",
      exp: nowSeconds + 300,
      iat: nowSeconds,
    },
    header: { alg: "ES256", kid: ISSUER_KEY.keyId, typ: "JWT" },
    clientKey: key,
    corruptToken: (token) => token,
    challenge: identity.challenge,
    pem: key.pem,
    corruptProof: (proof) => proof,
    csr: random.chance(0.2) ? random.pick(GOOD_CSRS) : null,
    version: random.chance(0.2) ? "v1" : "v2",
    tokenIn: random.chance(0.5) ? "body" : "header",
    headers: {},
    method: "POST",
    corruptBody: (body) => body,
    corruptText: (text) => text,
  };
}

/** Encodes the draft as a request. */
export function toRequest(draft: Draft): Request {
  const { version, tokenIn, headers, method } = draft;
  const token = draft.corruptToken(signToken(draft));
  const inHeader = tokenIn === "header" || version === "v1";
  const body = version === "v1" ? legacyBody(draft) : currentBody(draft);
  if (!inHeader) body["credentials"] = { oidcIdentityToken: token };
  const text = draft.corruptText(JSON.stringify(draft.corruptBody(body)));
  const all = new Headers(Object.entries(headers).filter(([, value]) => isHeaderValue(value)));
  if (inHeader && isHeaderValue(token)) all.set("authorization", `Bearer ${token}`);
  const url = `https://sigstore.example.com/api/${version}/signingCert`;
  return new Request(url, { method, headers: all, ...(method === "POST" ? { body: text } : {}) });
}

/** Whether an HTTP stack accepts the value at all. */
const isHeaderValue = (value: string): boolean => /^[\t\u0020-\u007e\u0080-\u00ff]*$/.test(value);

function signToken({ header, claims }: Draft): string {
  const input = `${part(header)}.${part(claims)}`;
  const key = header["stranger"] === true ? STRANGER : ISSUER_KEY;
  const signature = sign("sha256", Buffer.from(input), { key: key.privateKey, dsaEncoding: "ieee-p1363" });
  return `${input}.${signature.toString("base64url")}`;
}

function proofOf({ clientKey: { privateKey, hash }, challenge, corruptProof }: Draft): string {
  return corruptProof(sign(hash, Buffer.from(challenge), privateKey)).toString("base64");
}

function currentBody(draft: Draft): Json {
  if (draft.csr !== null) return { certificateSigningRequest: Buffer.from(draft.csr).toString("base64") };
  return {
    publicKeyRequest: { publicKey: { algorithm: "ECDSA", content: draft.pem }, proofOfPossession: proofOf(draft) },
  };
}

function legacyBody(draft: Draft): Json {
  if (draft.csr !== null) return { certificateSigningRequest: Buffer.from(draft.csr).toString("base64") };
  return {
    publicKey: { content: Buffer.from(draft.pem).toString("base64"), algorithm: "ecdsa" },
    signedEmailAddress: proofOf(draft),
    certificateSigningRequest: null,
  };
}
