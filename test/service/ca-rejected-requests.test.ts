// SPDX-License-Identifier: Apache-2.0
// Requests that the CA rejects over HTTP, with the exact messages: transport, token, identity, key, proof of possession
// and signing request. None of them leaves an entry in the certificate log.

import { generateKeyPairSync, sign } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import {
  CLIENT,
  CLIENT_PEM,
  EMAIL,
  keyRequest,
  now,
  pemOf,
  prove,
  useCaStack,
  withToken,
} from "../support/authority/ca-stack.ts";
import { identityAt, KNOWN_IDENTITIES } from "../support/authority/identities.ts";
import { makeIssuerKey, part, signToken, signWithPublicKey } from "../support/authority/identity-token.ts";
import { readCheckpoint } from "../support/logs/log-client.ts";
import REQUESTS from "../vectors/csr/requests.json" with { type: "json" };

const STRANGER = makeIssuerKey("stranger");
const ca = useCaStack();
const { ask, claimsOf, good } = ca;

const claiming = (change: object, key = ca.builtIn, header = {}): object =>
  withToken(signToken(claimsOf(change), key, header));
/** A request with a token of the issuer of a known identity, with changed claims. */
const identity = (name: string, change: object): object => {
  const url = `${ca.issuers.origin}/${encodeURIComponent(name)}`;
  const known = KNOWN_IDENTITIES.find((candidate) => candidate.name === name);
  if (known === undefined) throw new Error(name);
  const claims = { ...identityAt(known, url).claims, iss: url, aud: "sigstore", exp: now() + 60, ...change };
  return withToken(signToken(claims, ca.issuers.key, { alg: "ES256" }));
};
const raw = (header: object, claims: object | string = claimsOf()): object =>
  withToken(`${part({ ...header })}.${part(typeof claims === "string" ? claims : { ...claims })}.AAAA`);
const csr = (pem: string | Buffer): object => ({
  credentials: { oidcIdentityToken: good() },
  certificateSigningRequest: Buffer.from(pem).toString("base64"),
});
const csrNamed = (name: string): string => REQUESTS.find((row) => row.name === name)?.pem ?? name;
const derOf = (pem: string): Buffer => Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ""), "base64");
const asPem = (der: Buffer, label = "PUBLIC KEY"): string =>
  `-----BEGIN ${label}-----\n${der.toString("base64")}\n-----END ${label}-----\n`;
const keyOf = (content: string): object => withToken(good(), keyRequest(content));
const proofOf = (proof: string, key = CLIENT_PEM): object => withToken(good(), keyRequest(key, proof));
/** Encodes an RSA public key as PEM. */
const rsa = (n: Buffer, e: string): string => {
  const length = (bytes: Buffer): Buffer =>
    bytes.length < 128
      ? Buffer.of(bytes.length)
      : bytes.length < 256
        ? Buffer.of(0x81, bytes.length)
        : Buffer.of(0x82, bytes.length >> 8, bytes.length & 255);
  const tlv = (tag: number, ...parts: Buffer[]): Buffer =>
    Buffer.concat([Buffer.of(tag), length(Buffer.concat(parts)), ...parts]);
  const numbers = tlv(0x30, tlv(2, Buffer.concat([Buffer.of(0), n])), tlv(2, Buffer.from(e, "hex")));
  return asPem(tlv(0x30, Buffer.from("300d06092a864886f70d0101010500", "hex"), tlv(3, Buffer.of(0), numbers)));
};
const modulusOf = (bits: number): Buffer =>
  Buffer.from(
    generateKeyPairSync("rsa", { modulusLength: bits }).publicKey.export({ format: "jwk" }).n ?? "",
    "base64url",
  );
const ed25519 = (hex: string): string => asPem(Buffer.from(`302a300506032b6570032100${hex}`, "hex"));
const ecPem = (namedCurve: string): string => pemOf(generateKeyPairSync("ec", { namedCurve }).publicKey);

/** p·q of two primes of the form k·M + (65537^a mod M), made as in shared/fulcio/weak-rsa.test.ts. */
const ROCA_MODULUS = Buffer.from(
  "ade1686f7cb093f062d1a40a842eed0eddb5108443efc6264d92fc87b04e1f92e45b94dad40f750c6173fe3ca5f3b2f1" +
    "d91816fbb56181725e81cfab775c275b2312a0b4a9def1c5736d6e3ae60e1db25e4a4e581b2469a7cfa3c70317e5bbf7" +
    "ce4c03072a5446863fa4915aae706f7a3e8a1910acb978051c8c54eb8ae5dc76133319408dee6dacdab6a2a317e1a4ab" +
    "97eff314f9226331b8e0d99af58f6efd1033dbf488e9c93e739f4fbab7db1987dafaf14205436c7b89251c2b633ec676" +
    "ea21e39f566fc54310a32e509cb8487c5cfc6af9cdc104230cbaaaf44f35b6074e96a9e276dd1b763f27c3e4ca6c4a40" +
    "10b6a12086e1e3cb38257356ef3cda5b",
  "hex",
);

/** p·q of two primes of 1024 bits that are 1734 apart, in base64url. */
const CLOSE_PRIMES =
  "9tPmE8f11zkKuxzoLH4XA-Sk7nkjPm3XkDgaloXj4j97tCtW8ImmjT1Tx7fe7ZNWdeRuR6vkBqUIXsYmZWpvq_bHqLcjq5L88niI" +
  "uUsv9UzoWC7QDbnIlBTEvsk5dpnKG6tc1PxFMpK2uzQxNGNcmPMzRQxNfPSfEVa-08I1pMbwb62lK0LlBXP9BFbE8BbxFxKm_BDg" +
  "OY6bdBGyC7Di3vmq9zMKEq7j5omkvqTWmZzj5l1-u0EpMiVpfxeXHhkBi57R3DxVAs6j3zBZ_RTXlkZbG1R6maKQb5KpbGExKAgv" +
  "R4djq0rdKLv33PqHsfL-YJN-UDdhz56n7v2mMJWlRw";

const READ = "The request could not be read: ";
const TOKEN = "There was an error processing the identity token: ";
const KEY = "The public key supplied in the request could not be parsed: ";
const PROOF = "The signature supplied in the request could not be verified: ";
const CSR =
  "The certificate signing request could not be parsed: it must be the base64 of one PEM block, CERTIFICATE REQUEST (PKCS#10)";
const NO_TOKEN = `${TOKEN}the request has none; send it as \`Authorization: Bearer TOKEN\` or in credentials.oidcIdentityToken`;
const FORM = `${TOKEN}it is not a signed JWT: three parts of unpadded base64url, separated by dots`;
const HEADER = `${TOKEN}its header is not a valid JSON object`;
const PAYLOAD = `${TOKEN}its payload is not a valid JSON object`;
const ALGORITHMS = `${TOKEN}its alg must be one of RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512, EdDSA`;
const UNKNOWN_KEY = `${TOKEN}its kid names none of its issuer's keys`;
const SIGNATURE = `${TOKEN}its signature does not verify with its issuer's keys`;
const SECONDS = (claim: string): string => `${TOKEN}its claim ${claim} must be a number of seconds since 1970`;
const MISSING = (claim: string): string => `${TOKEN}its claim ${claim} is missing or empty`;
const MUST = (claim: string, what: string): string => `${TOKEN}its claim ${claim} must be ${what}`;
const VERIFIED = `${TOKEN}its claim email_verified is not true: the issuer does not vouch for the e-mail address`;
const ADDRESS = `${TOKEN}its claim email is not an e-mail address`;
const NOT_A_NAME = `${TOKEN}its claims do not form a URI that a certificate can hold`;
const UNACCEPTED = (iss: string): string =>
  `${TOKEN}its issuer ${JSON.stringify(iss)} is not accepted here; /api/v2/configuration lists the accepted issuers`;
const PEM = `${KEY}publicKeyRequest.publicKey.content must be one PEM block, PUBLIC KEY or RSA PUBLIC KEY`;
const BAD_KEY = `${KEY}it is not a DER SubjectPublicKeyInfo with a valid key`;
const KINDS = "ECDSA P-256, P-384 or P-521, Ed25519, or RSA of 2048, 3072 or 4096 bits with exponent 65537";
const UNSUPPORTED = `${KEY}unsupported public key type; use ${KINDS}`;
const WEAK = `The public key supplied in the request is insecure: use ${KINDS}`;
const PROVE = `${PROOF}proofOfPossession must be the key's signature over the token's email, or its sub if it has no email`;

type Row = readonly [string, () => object | string, string];

/** Requests that get status 400 and code 3, with the message, by what is wrong with them. */
const BAD: Readonly<Record<string, readonly Row[]>> = {
  transport: [
    ["an empty body", () => "", NO_TOKEN],
    ["an empty object", () => ({}), NO_TOKEN],
    ["a list", () => "[]", `${READ}the body has the wrong JSON type`],
    ["a string", () => '"x"', `${READ}the body has the wrong JSON type`],
    ["null", () => "null", `${READ}the body has the wrong JSON type`],
    ["truncated JSON", () => '{"credentials":', `${READ}the body is not JSON`],
    ["two JSON values", () => "{}{}", `${READ}the body is not JSON`],
    ["a form", () => "token=x", `${READ}the body is not JSON`],
    [
      "a duplicate member",
      () => '{"credentials":{},"credentials":{}}',
      `${READ}an object in the body has a duplicate member`,
    ],
    [
      "a member in both spellings",
      () => ({ publicKeyRequest: {}, public_key_request: {} }),
      `${READ}publicKeyRequest appears twice`,
    ],
    ["nesting 33 levels deep", () => `${'{"a":'.repeat(33)}1${"}".repeat(33)}`, `${READ}the body is nested too deeply`],
    ["a wrong type", () => ({ publicKeyRequest: "x" }), `${READ}publicKeyRequest has the wrong JSON type`],
    [
      "a nested wrong type",
      () => ({ publicKeyRequest: { publicKey: { content: 5 } } }),
      `${READ}publicKeyRequest.publicKey.content has the wrong JSON type`,
    ],
    [
      "a token that is a number",
      () => ({ credentials: { oidcIdentityToken: 5 } }),
      `${READ}credentials.oidcIdentityToken has the wrong JSON type`,
    ],
    [
      "a proof that is not base64",
      () => ({ publicKeyRequest: { proofOfPossession: "%" } }),
      `${READ}publicKeyRequest.proofOfPossession is not base64`,
    ],
    [
      "a signing request that is not base64",
      () => ({ certificateSigningRequest: "%" }),
      `${READ}certificateSigningRequest is not base64`,
    ],
    [
      "both a key and a signing request",
      () => ({ publicKeyRequest: {}, certificateSigningRequest: "UEVN" }),
      `${READ}send either publicKeyRequest or certificateSigningRequest, not both`,
    ],
    [
      "a body of 4 MiB and one byte",
      () => " ".repeat(64 * 1024 + 1),
      "http: request body too large: send at most 65536 bytes",
    ],
  ],
  token: [
    ["one part", () => withToken("x"), FORM],
    ["two parts", () => withToken("a.b"), FORM],
    ["four parts", () => withToken("a.b.c.d"), FORM],
    ["five parts, a JWE", () => withToken("a.b.c.d.e"), FORM],
    ["16 KiB of dots", () => withToken(".".repeat(16_384)), FORM],
    ["17 KiB", () => withToken("a".repeat(17 * 1024)), `${TOKEN}it is larger than 16384 bytes`],
    ["padding", () => withToken(`${good()}=`), FORM],
    ["a space in front", () => withToken(` ${good()}`), FORM],
    ["JSON serialization", () => withToken(JSON.stringify({ payload: "x" })), FORM],
    ["a header that is not JSON", () => withToken("YQ.YQ.YQ"), HEADER],
    [
      "a header with a duplicate member",
      () => withToken(`${part('{"alg":"RS256","alg":"none"}')}.${part({})}.AAAA`),
      HEADER,
    ],
    ["a payload that is not JSON", () => raw({ alg: "RS256" }, "x"), PAYLOAD],
    ["a payload that is a list", () => raw({ alg: "RS256" }, "[]"), PAYLOAD],
    ["a payload with a duplicate member", () => raw({ alg: "RS256" }, '{"iss":"a","iss":"b"}'), PAYLOAD],
    ["alg none", () => claiming({}, ca.builtIn, { alg: "none" }), ALGORITHMS],
    ["no alg", () => raw({}), ALGORITHMS],
    ["an HMAC keyed with a public key", () => withToken(signWithPublicKey(claimsOf(), CLIENT_PEM)), ALGORITHMS],
    [
      "crit",
      () => claiming({}, ca.builtIn, { crit: ["b64"], b64: false }),
      `${TOKEN}its header requires an extension (crit) that is not supported`,
    ],
    ["a kid that is a number", () => raw({ alg: "RS256", kid: 5 }), HEADER],
    ["an unknown kid", () => claiming({}, STRANGER), UNKNOWN_KEY],
    [
      "its own key in the header",
      () => claiming({}, { ...STRANGER, keyId: ca.builtIn.keyId }, { jwk: STRANGER.jwk }),
      SIGNATURE,
    ],
    [
      "jku and x5u",
      () =>
        claiming(
          {},
          { ...STRANGER, keyId: ca.builtIn.keyId },
          { jku: `${ca.issuers.origin}/good/keys`, x5u: ca.issuers.origin },
        ),
      SIGNATURE,
    ],
    ["a changed signature", () => withToken(`${good().slice(0, -8)}AAAAAAAA`), SIGNATURE],
    [
      "a changed payload",
      () =>
        withToken(
          [good().split(".")[0], part(claimsOf({ email: "root@example.com" })), good().split(".")[2]].join("."),
        ),
      SIGNATURE,
    ],
    ["an alg that does not fit the key", () => claiming({}, ca.builtIn, { alg: "ES256" }), UNKNOWN_KEY],
    ["no iss", () => claiming({ iss: undefined }), MISSING("iss")],
    ["an iss that is a list", () => claiming({ iss: ["a"] }), MUST("iss", "a string")],
    ["an unknown iss", () => claiming({ iss: "https://evil.example" }), UNACCEPTED("https://evil.example")],
    ["an iss with an additional slash", () => claiming({ iss: `${ca.stack.url}/oidc/` }), "SLASH"],
    [
      "an iss that is a wildcard",
      () => claiming({ iss: "https://oidc.eks.*.amazonaws.com/id/*" }),
      UNACCEPTED("https://oidc.eks.*.amazonaws.com/id/*"),
    ],
    [
      "an iss with a line break",
      () => claiming({ iss: "https://a\nb" }),
      MUST("iss", "text without control characters"),
    ],
    [
      "a different audience",
      () => claiming({ aud: "other" }),
      `${TOKEN}its audience (aud) must be "sigstore"; request a token for that audience`,
    ],
    [
      "no audience",
      () => claiming({ aud: undefined }),
      `${TOKEN}its audience (aud) must be "sigstore"; request a token for that audience`,
    ],
    [
      "audiences that only resemble the expected one",
      () => claiming({ aud: ["sigstore2", "sig"] }),
      `${TOKEN}its audience (aud) must be "sigstore"; request a token for that audience`,
    ],
    ["no exp", () => claiming({ exp: undefined }), MISSING("exp")],
    ["an exp that is text", () => claiming({ exp: "9999999999" }), SECONDS("exp")],
    ["an exp below zero", () => claiming({ exp: -1 }), SECONDS("exp")],
    ["an exp in 1970", () => claiming({ exp: 1 }), "EXPIRED"],
    ["an nbf that is text", () => claiming({ nbf: "1" }), SECONDS("nbf")],
    ["an nbf in 2100", () => claiming({ nbf: 4_102_444_800, exp: 4_102_444_900 }), "EARLY"],
    ["no sub", () => claiming({ sub: undefined }), MISSING("sub")],
    ["an empty sub", () => claiming({ sub: "" }), MISSING("sub")],
    ["a sub of 3 KB", () => claiming({ sub: "x".repeat(3000) }), MUST("sub", "at most 2048 characters long")],
    [
      "a sub with a lone surrogate",
      () => raw({ alg: "RS256", kid: "x" }, String.raw`{"iss":"\ud800"}`),
      MUST("iss", "text without control characters"),
    ],
  ],
  identity: [
    ["an unverified address", () => claiming({ email_verified: false }), VERIFIED],
    ["an address without email_verified", () => claiming({ email_verified: undefined }), VERIFIED],
    ["an address verified with 1", () => claiming({ email_verified: 1 }), MUST("email_verified", "true or false")],
    [
      "an address verified with null",
      () => claiming({ email_verified: null }),
      MUST("email_verified", "true or false"),
    ],
    ["no address", () => claiming({ email: undefined }), MISSING("email")],
    ["an address without @", () => claiming({ email: "alice" }), ADDRESS],
    ["an address with two @", () => claiming({ email: "a@b@example.com" }), ADDRESS],
    ["an address in quotes", () => claiming({ email: '"a b"@example.com' }), ADDRESS],
    ["an address of 300 letters", () => claiming({ email: `a@${"b.".repeat(150)}com` }), ADDRESS],
    [
      "an address with a line break",
      () => claiming({ email: "a\r\n@example.com" }),
      MUST("email", "text without control characters"),
    ],
    [
      "an address with NUL",
      () => claiming({ email: "a\u0000@example.com" }),
      MUST("email", "text without control characters"),
    ],
    [
      "a non-ASCII address",
      () => claiming({ email: "älice@example.com" }),
      `${TOKEN}its claim email has non-ASCII characters, which a certificate cannot hold`,
    ],
    ["a user name with !", () => identity("username", { sub: "a!b" }), MUST("sub", "a user name without !")],
    [
      "a user name that is an address",
      () => identity("username", { sub: EMAIL }),
      MUST("sub", "a user name, not an email address"),
    ],
    [
      "a URI of another host",
      () => identity("uri", { sub: "http://evil.example/x" }),
      MUST("sub", "a URI of the issuer's subject domain"),
    ],
    ["a URI with a user", () => identity("uri", { sub: "http://a@127.0.0.1/x" }), NOT_A_NAME],
    [
      "a SPIFFE ID of another domain",
      () => identity("spiffe", { sub: "spiffe://evil.example/x" }),
      MUST("sub", "a SPIFFE ID of the issuer's trust domain"),
    ],
    [
      "a SPIFFE ID with dots",
      () => identity("spiffe", { sub: "spiffe://prod.example.org/../x" }),
      MUST("sub", "a SPIFFE ID"),
    ],
    [
      "a service account without a name",
      () => identity("kubernetes", { "kubernetes.io": { namespace: "a" } }),
      MISSING("kubernetes.io.serviceaccount.name"),
    ],
    [
      "a namespace with a slash",
      () => identity("kubernetes", { "kubernetes.io": { namespace: "a/b", serviceaccount: { name: "c" } } }),
      MUST("kubernetes.io.namespace", "the name of a namespace"),
    ],
    [
      "a workflow without its file",
      () => identity("ci-provider github-workflow", { job_workflow_ref: undefined }),
      MISSING("job_workflow_ref"),
    ],
    [
      "a workflow with a broken escape",
      () => identity("ci-provider github-workflow", { job_workflow_ref: "o/r/%zz" }),
      NOT_A_NAME,
    ],
    [
      "a run that is an object",
      () => identity("ci-provider github-workflow", { run_id: {} }),
      MUST("run_id", "a string"),
    ],
    [
      "a pipeline of neither branch nor tag",
      () => identity("gitlab-pipeline", { ref_type: "x" }),
      MUST("ref_type", "branch or tag"),
    ],
    [
      "a pipeline without its project",
      () => identity("ci-provider gitlab-pipeline", { project_path: undefined }),
      MISSING("project_path"),
    ],
    [
      "a job without its pipeline",
      () => identity("ci-provider buildkite-job", { pipeline_slug: "" }),
      MISSING("pipeline_slug"),
    ],
    [
      "a project without its id",
      () => identity("ci-provider circleci-job", { "oidc.circleci.com/project-id": undefined }),
      MISSING("oidc.circleci.com/project-id"),
    ],
    [
      "an identity with dots",
      () => identity("chainguard-identity", { sub: "a/../b" }),
      MUST("sub", "a path without empty or dotted segments"),
    ],
  ],
  key: [
    ["no key", () => ({ credentials: { oidcIdentityToken: good() } }), PEM],
    ["an empty key", () => keyOf(""), PEM],
    ["an OpenSSH key", () => keyOf("ssh-ed25519 AAAA"), PEM],
    ["a private key", () => keyOf(CLIENT.privateKey.export({ type: "pkcs8", format: "pem" }).toString()), PEM],
    ["a certificate", () => keyOf(ca.stack.vars["CA_CHAIN"] ?? ""), PEM],
    ["two keys", () => keyOf(CLIENT_PEM + CLIENT_PEM), PEM],
    ["trailing bytes", () => keyOf(asPem(Buffer.concat([derOf(CLIENT_PEM), Buffer.of(0)]))), BAD_KEY],
    [
      "a point that is not on the curve",
      () =>
        keyOf(
          asPem(Buffer.concat([derOf(CLIENT_PEM).subarray(0, -1), Buffer.of((derOf(CLIENT_PEM).at(-1) ?? 0) ^ 1)])),
        ),
      BAD_KEY,
    ],
    ["an empty SEQUENCE", () => keyOf(asPem(Buffer.of(0x30, 0))), BAD_KEY],
    [
      "a length that is not minimal",
      () => keyOf(asPem(Buffer.concat([Buffer.of(0x30, 0x81, 0x59), derOf(CLIENT_PEM).subarray(2)]))),
      BAD_KEY,
    ],
    ["secp256k1", () => keyOf(ecPem("secp256k1")), UNSUPPORTED],
    ["P-224", () => keyOf(ecPem("secp224r1")), WEAK],
    ["X25519", () => keyOf(pemOf(generateKeyPairSync("x25519").publicKey)), UNSUPPORTED],
    ["Ed448", () => keyOf(pemOf(generateKeyPairSync("ed448").publicKey)), UNSUPPORTED],
    ["RSA of 1024 bits", () => keyOf(rsa(modulusOf(1024), "010001")), WEAK],
    ["RSA with exponent 3", () => keyOf(rsa(modulusOf(2048), "03")), WEAK],
    ["RSA with exponent 1", () => keyOf(rsa(modulusOf(2048), "01")), WEAK],
    [
      "RSA with an even modulus",
      () => keyOf(rsa(Buffer.concat([modulusOf(2048).subarray(0, -1), Buffer.of(2)]), "010001")),
      WEAK,
    ],
    ["RSA of 2560 bits", () => keyOf(rsa(modulusOf(2560), "010001")), WEAK],
    ["RSA-PSS", () => keyOf(pemOf(generateKeyPairSync("rsa-pss", { modulusLength: 2048 }).publicKey)), UNSUPPORTED],
    ["RSA with Infineon's weakness (ROCA)", () => keyOf(rsa(ROCA_MODULUS, "010001")), WEAK],
    ["RSA with primes close to each other", () => keyOf(rsa(Buffer.from(CLOSE_PRIMES, "base64url"), "010001")), WEAK],
    ["Ed25519 of small order", () => keyOf(ed25519(`01${"00".repeat(31)}`)), WEAK],
    ["Ed25519 that is not canonical", () => keyOf(ed25519(`ee${"ff".repeat(30)}7f`)), BAD_KEY],
  ],
  proof: [
    [
      "missing",
      () => withToken(good(), { publicKey: { content: CLIENT_PEM } }),
      `${PROOF}publicKeyRequest.proofOfPossession is missing`,
    ],
    ["empty", () => proofOf(""), `${PROOF}publicKeyRequest.proofOfPossession is missing`],
    ["over another address", () => proofOf(prove("bob@example.com")), PROVE],
    ["over a text with a line break", () => proofOf(prove(`${EMAIL}\n`)), PROVE],
    [
      "by another key",
      () => proofOf(prove(EMAIL, generateKeyPairSync("ec", { namedCurve: "prime256v1" }).privateKey)),
      PROVE,
    ],
    ["with another hash", () => proofOf(prove(EMAIL, CLIENT.privateKey, "sha512")), PROVE],
    [
      "not in DER",
      () =>
        proofOf(
          sign("sha256", Buffer.from(EMAIL), { key: CLIENT.privateKey, dsaEncoding: "ieee-p1363" }).toString("base64"),
        ),
      PROVE,
    ],
    [
      "with trailing bytes",
      () => proofOf(Buffer.concat([Buffer.from(prove(EMAIL), "base64"), Buffer.of(0)]).toString("base64")),
      PROVE,
    ],
    ["all zeros", () => proofOf("AAAA"), PROVE],
  ],
  "signing request": [
    ["text that is not PEM", () => csr("x"), CSR],
    ["DER", () => csr(derOf(csrNamed("P-256"))), CSR],
    ["another label", () => csr(CLIENT_PEM), CSR],
    ["truncated", () => csr(csrNamed("truncated")), CSR],
    [
      "another key put in",
      () => csr(csrNamed("another key put in")),
      `${PROOF}the certificate signing request is not signed by the key in it`,
    ],
    ["RSA-PSS", () => csr(csrNamed("RSA-PSS")), "unrecognized signature algorithm: 1.2.840.113549.1.1.10"],
    [
      "another hash",
      () => csr(csrNamed("P-384 with SHA-256")),
      "signing algorithm not permitted: ecdsa-p384, SHA-256; sign the request with SHA-384",
    ],
    [
      "RSA with another hash",
      () => csr(csrNamed("RSA-2048 with SHA-384")),
      "signing algorithm not permitted: rsa-2048, SHA-384; sign the request with SHA-256",
    ],
    ["a weak key", () => csr(csrNamed("RSA-1024")), WEAK],
    ["a key of another kind", () => csr(csrNamed("secp256k1")), UNSUPPORTED],
  ],
};

const SPECIAL: Readonly<Record<string, () => unknown>> = {
  SLASH: () => UNACCEPTED(`${ca.stack.url}/oidc/`),
  EXPIRED: () => expect.stringMatching(/it expired at 1970-01-01T00:00:01Z, and the time is \S+Z; request a new one$/),
  EARLY: () => expect.stringMatching(/it is not valid before 2100-01-01T00:00:00Z, and the time is \S+Z$/),
};

describe("the CA rejects a request", () => {
  for (const [group, rows] of Object.entries(BAD)) {
    it.each(rows)(`by its ${group}: %s`, async (_, make, message) => {
      expect(await ask(make())).toEqual([
        400,
        null,
        { code: 3, message: SPECIAL[message]?.() ?? message, details: [] },
      ]);
    });
  }

  it("for more than a hundred reasons", () => {
    expect(Object.values(BAD).flat().length).toBeGreaterThan(100);
  });
});

it("nothing rejected is in the certificate log, and log lines contain no token and no key", async () => {
  const size = async (): Promise<number> => (await readCheckpoint(`${ca.stack.url}/ct`)).treeSize;
  await sleep(1100);
  const before = await size();
  for (const rows of Object.values(BAD)) for (const [, make] of rows.slice(0, 5)) await ask(make());
  await sleep(1100);
  expect(await size()).toBe(before);
  const text = ca.stack.logs.map(({ message }) => message).join("\n");
  for (const secret of ["eyJ", "PRIVATE KEY", "BEGIN"]) expect(text).not.toContain(secret);
});
