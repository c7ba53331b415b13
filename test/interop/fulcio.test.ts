// SPDX-License-Identifier: Apache-2.0
// Compares our CA with Fulcio, as released: the same issuing key, the same issuers, the same certificate log. If both
// grant a request, the certificates are equal, extension for extension; if only one does, docs/identities.md names the
// difference.

import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { X509Certificate } from "@sigstore/core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readIssuersFile } from "../../cli/deployment/issuers-file.ts";
import { PUBLIC_ISSUERS } from "../../shared/identity/public-issuers.ts";
import { Random } from "../faults/random.ts";
import { TEXTS, VALUES } from "../fuzz/ca/mutations.ts";
import { identityAt, KNOWN_IDENTITIES, type KnownIdentity } from "../support/authority/identities.ts";
import { signToken } from "../support/authority/identity-token.ts";
import { type LoopbackIssuers, startLoopbackIssuers } from "../support/authority/loopback-issuers.ts";
import { startStack, type TestStack } from "../support/process/stack.ts";
import REQUESTS from "../vectors/csr/requests.json" with { type: "json" };
import { type Fulcio, publicConfig, publicMetadata, startFulcio } from "./fulcio.ts";
import { SPELLINGS } from "./request-spellings.ts";

/** Issuer types that only we have; Fulcio supports them through templates. */
const OURS = new Set(["circleci-job", "buddy-pipeline"]);
const SHARED = KNOWN_IDENTITIES.filter(({ name }) => !OURS.has(name));
const CASES = 1500;
const SCT_LIST = "1.3.6.1.4.1.11129.2.4.2";
/** The beginning of both messages; ours says more after it. */
const BAD_TOKEN = "There was an error processing the identity token";

let issuers: LoopbackIssuers;
let stack: TestStack;
/** One Fulcio uses our certificate log and one uses none: the log accepts only a hundred submissions in ten seconds. */
let logged: Fulcio;
let plain: Fulcio;

const urlOf = ({ name }: KnownIdentity): string => `${issuers.origin}/${name.replaceAll(/[^a-z]+/g, "-")}`;

/** A provider that was added to the public configuration after the release, in Fulcio's vocabulary. */
const BUDDY_PIPELINE = "{{.base_url}}/{{.workspace_domain}}/{{.project_name}}/pipelines/pipeline/{{.pipeline_id}}";
const BUDDY = {
  "default-template-values": { base_url: "https://app.buddy.works", revision: "", ref: "" },
  "extension-templates": {
    "build-signer-uri": BUDDY_PIPELINE,
    "build-trigger": "triggered_on",
    "runner-environment": "runner_environment",
    "source-repository-uri": "{{.base_url}}/{{.workspace_domain}}/{{.project_name}}",
    "source-repository-digest": "revision",
    "source-repository-ref": "ref",
    "source-repository-owner-uri": "{{.base_url}}/{{.workspace_domain}}",
    "run-invocation-uri": `${BUDDY_PIPELINE}/execution/{{.execution_id}}`,
  },
  "subject-alternative-name-template": BUDDY_PIPELINE,
};

beforeAll(async () => {
  issuers = await startLoopbackIssuers();
  const rows = SHARED.map((identity): [string, object] => {
    const url = urlOf(identity);
    return [url, { "issuer-url": url, "client-id": "sigstore", ...identityAt(identity, url).row }];
  });
  const oidcIssuers = Object.fromEntries(rows);
  stack = await startStack({ vars: { ISSUERS: JSON.stringify({ "oidc-issuers": oidcIssuers }) } });
  const { CA_CHAIN = "", CA_KEY = "", CERTIFICATE_LOG_KEY = "" } = stack.vars;
  const publicKey = createPublicKey(createPrivateKey(CERTIFICATE_LOG_KEY)).export({ type: "spki", format: "pem" });
  const config = {
    "oidc-issuers": oidcIssuers,
    "ci-issuer-metadata": { ...publicMetadata(), "buddy-pipeline": BUDDY },
  };
  const common = { material: { CA_CHAIN, CA_KEY }, config };
  logged = await startFulcio({ ...common, log: { url: `${stack.url}/ct`, publicKey: publicKey.toString() } });
  plain = await startFulcio({ ...common, log: null });
});

afterAll(async () => {
  await logged.stop();
  await plain.stop();
  await stack.stop();
  issuers.close();
});

interface Answer {
  readonly status: number;
  readonly text: string;
}

async function post(base: string, body: object | string, path = "/api/v2/signingCert", headers = {}): Promise<Answer> {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const response = await fetch(base + path, { method: "POST", headers, body: text });
  return { status: response.status, text: await response.text() };
}

const CLIENT = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
const pemOf = (key: KeyObject): string => key.export({ type: "spki", format: "pem" }).toString();

type Claims = Record<string, unknown>;

const claimsOf = (identity: KnownIdentity): Claims => {
  const url = urlOf(identity);
  const { claims } = identityAt(identity, url);
  return { ...claims, iss: url, aud: "sigstore", exp: Math.floor(Date.now() / 1000) + 60 };
};

/** The challenge that a client signs for these claims. */
function challengeOf(identity: KnownIdentity, { email, sub }: Claims): string {
  if (identity.challenge.includes("@") && typeof email === "string") return email;
  return typeof sub === "string" ? sub : "";
}

const tokenOf = (claims: Claims): string => signToken(claims, issuers.key, { alg: "ES256" });
const proofOf = (identity: KnownIdentity, claims: Claims): string =>
  sign("sha256", Buffer.from(challengeOf(identity, claims)), CLIENT.privateKey).toString("base64");

const requestOf = (identity: KnownIdentity, claims: Claims): object => ({
  credentials: { oidcIdentityToken: tokenOf(claims) },
  publicKeyRequest: {
    publicKey: { content: pemOf(CLIENT.publicKey) },
    proofOfPossession: proofOf(identity, claims),
  },
});

interface Parts {
  /** DER in hex, in order; for the SCT list only its OID. */
  readonly extensions: readonly string[];
  readonly rest: object;
}

/** Everything in a certificate except serial number, times, SCT and signature; and the chain above it. */
function partsOf(text: string): Parts {
  const answer = JSON.parse(text) as Record<string, { readonly chain: { readonly certificates: readonly string[] } }>;
  const { certificates } = Object.values(answer)[0]?.chain ?? { certificates: [] };
  const [leafPem = "", ...chain] = certificates;
  const leaf = X509Certificate.parse(leafPem);
  return {
    extensions: leaf.extensions.map((extension) => {
      const oid = extension.subs[0]?.toOID() ?? "";
      return oid === SCT_LIST ? oid : extension.toDER().toString("hex");
    }),
    rest: {
      chain,
      issuer: leaf.issuer.toString("hex"),
      subject: leaf.subject.toString("hex"),
      spki: leaf.publicKey.toString("hex"),
      algorithm: leaf.signatureAlgorithm,
      lifetime: leaf.notAfter.getTime() - leaf.notBefore.getTime(),
    },
  };
}

describe("the configuration of the public instance, unchanged", () => {
  it('is read completely, and "public" stands for its production issuers', () => {
    const staging = readIssuersFile(publicConfig(), { environment: "staging" });
    expect(staging.ok ? [] : staging.error).toEqual([]);
    const production = readIssuersFile(publicConfig(), { environment: "production" });
    if (!production.ok) throw new Error(production.error.join("\n"));
    const accepted = new Set(PUBLIC_ISSUERS.map(({ url }) => url));
    // The public instance has removed this issuer since the release.
    const dropped = new Set(["https://issuer.chainops.dev"]);
    const missing = production.value.issuers.filter(({ url }) => !accepted.has(url) && !dropped.has(url));
    expect(missing.map(({ url }) => url)).toEqual([]);
  });
});

/** For the runner of a CircleCI job without SSH, Fulcio writes two quotation marks. */
const QUOTED_RUNNER = "3012060a2b0601040183bf30010b04040c022222";

describe.each(SHARED)("$name", (identity) => {
  it("gets the certificate that Fulcio issues, with an SCT by our log", async () => {
    const request = requestOf(identity, claimsOf(identity));
    const ours = await post(stack.url, request);
    const theirs = await post(logged.url, request);
    expect([ours.status, theirs.status]).toEqual([200, 200]);
    const expected = partsOf(theirs.text);
    expect(partsOf(ours.text)).toEqual({
      ...expected,
      extensions: expected.extensions.filter((extension) => extension !== QUOTED_RUNNER),
    });
    expect(expected.extensions).toContain(SCT_LIST);
  });
});

describe("the first version of the API", () => {
  it("answers like Fulcio", async () => {
    const identity = SHARED[0] as KnownIdentity;
    const claims = claimsOf(identity);
    const body = {
      publicKey: { content: Buffer.from(pemOf(CLIENT.publicKey)).toString("base64"), algorithm: "ecdsa" },
      signedEmailAddress: proofOf(identity, claims),
      certificateSigningRequest: null,
    };
    const headers = { authorization: `Bearer ${tokenOf(claims)}` };
    const ask = async (base: string): Promise<object> => {
      const { status, text } = await post(base, body, "/api/v1/signingCert", headers);
      return { status, chain: text.split(/(?<=-----END CERTIFICATE-----)/).slice(1), end: text.slice(-10) };
    };
    expect(await ask(stack.url)).toEqual(await ask(logged.url));
  });

  it.each(["/api/v1/rootCert", "/api/v2/trustBundle", "/api/v2/configuration"])(
    "%s says what Fulcio's says",
    async (path) => {
      const read = async (base: string): Promise<unknown> => {
        const text = await (await fetch(base + path)).text();
        // Fulcio prints an empty line between two certificates.
        if (!text.startsWith("{")) return text.trim().replaceAll("\n\n", "\n");
        const json = JSON.parse(text) as { readonly issuers?: readonly { readonly issuerUrl: string }[] };
        // Fulcio's issuers are in no order, and ours include the built-in one.
        const known = json.issuers?.filter(({ issuerUrl }) => issuerUrl.startsWith(issuers.origin));
        return known?.toSorted((a, b) => (a.issuerUrl < b.issuerUrl ? -1 : 1)) ?? json;
      };
      expect(await read(stack.url)).toEqual(await read(logged.url));
    },
  );
});

/** Removes the SCT list, which a Fulcio without a log omits, and the name of CircleCI's runner. */
const comparable = (parts: Parts): Parts => ({
  ...parts,
  extensions: parts.extensions.filter((extension) => extension !== SCT_LIST && extension !== QUOTED_RUNNER),
});

describe("one request, spelled in many ways", () => {
  it.each(SPELLINGS)("%s: both grant it or both reject it, with the same status and code", async (_, spell) => {
    const identity = SHARED[0] as KnownIdentity;
    const claims = claimsOf(identity);
    const { body, headers = {} } = spell({
      token: tokenOf(claims),
      content: pemOf(CLIENT.publicKey),
      proof: proofOf(identity, claims),
    });
    const ask = async (base: string): Promise<readonly unknown[]> => {
      const { status, text } = await post(base, body, "/api/v2/signingCert", headers);
      return [
        status,
        status === 200 ? comparable(partsOf(text)) : (JSON.parse(text) as { readonly code: number }).code,
      ];
    };
    expect(await ask(stack.url)).toEqual(await ask(plain.url));
  });

  it.each([
    ["GET", "/api/v2/signingCert"],
    ["POST", "/api/v2/trustBundle"],
    ["PUT", "/api/v1/signingCert"],
    ["GET", "/api/v2/unknown"],
  ])("%s %s gets the same status and code as from Fulcio", async (method, path) => {
    const ask = async (base: string): Promise<unknown> => {
      const response = await fetch(base + path, { method });
      const { code } = (await response.json()) as { readonly code: number };
      return [response.status, code];
    };
    expect(await ask(stack.url)).toEqual(await ask(plain.url));
  });
});

/** Our reasons to reject what Fulcio grants; docs/identities.md, "Where this differs from Fulcio", lists each. */
const STRICTER = [
  /must be text without control characters$/,
  /must be at most 2048 characters long$/,
  /must be a string$/,
  /must be an integer$/,
  /make a name and extensions of more than 12288 bytes together$/,
  /must be a number of seconds since 1970$/,
  /is missing or empty$/,
  /its claims do not form a URI that a certificate can hold$/,
  /must be a URI of the issuer's subject domain$/,
  /must be the name of a (?:namespace|service account)$/,
  /must be a path without empty or dotted segments$/,
  /its claim email is not an e-mail address$/,
  /must be a user name, not an email address$/,
];

/** Fulcio's templates print this for a null claim; ours omit the extension or reject the token. */
const NULL_OF_GO = "<nil>";

/** We replace an empty claim by its default; Fulcio leaves an empty place in the name. */
const hasDefault = (claim: string, value: unknown): boolean => claim === "base_url" && value === "";

/** Claims that Fulcio decodes but never copies into a certificate, by issuer type. */
const UNREAD: Readonly<Record<string, readonly string[]>> = {
  "chainguard-identity": ["act", "internal"],
  kubernetes: ["kubernetes.io"],
  "codefresh-workflow": ["initiator", "scm_user_name"],
};

/** Replaces one claim by an odd value, or extends it by one. */
function spoilClaim(identity: KnownIdentity, random: Random): { readonly name: string; readonly claims: Claims } {
  const claims = claimsOf(identity);
  const name = random.pick([...Object.keys(identity.claims), "iss", "aud", "exp", "nbf"]);
  const own = claims[name];
  const odd = random.pick([...TEXTS, ...VALUES]);
  const isGrown = typeof own === "string" && typeof odd === "string" && random.chance(0.6);
  return { name, claims: { ...claims, [name]: isGrown ? random.pick([own + odd, odd + own]) : odd } };
}

/** Expects equal certificates, except where the two differ on purpose. */
function expectEqual(ours: Answer, theirs: Answer, value: { readonly name: string; readonly claim: unknown }): void {
  const [our, their] = [partsOf(ours.text), partsOf(theirs.text)].map(comparable);
  const isNull = value.claim === null && JSON.stringify(their).includes(Buffer.from(NULL_OF_GO).toString("hex"));
  if (!isNull && !hasDefault(value.name, value.claim)) expect(our).toEqual(their);
}

/** Expects a rejected token; if Fulcio grants it, for a documented reason. */
function expectRefusal(ours: Answer, isGrantedThere: boolean): void {
  const { message } = JSON.parse(ours.text) as { readonly message: string };
  expect([ours.status, message.startsWith(BAD_TOKEN)]).toEqual([400, true]);
  if (isGrantedThere) expect(STRICTER.some((reason) => reason.test(message)) || message).toBe(true);
}

describe("claims that no provider sends", () => {
  it(`get what Fulcio issues, or a documented reason: ${CASES} cases`, async () => {
    const random = new Random(20_261_129);
    const outcomes = { both: 0, neither: 0, stricter: 0 };
    for (let i = 0; i < CASES; i++) {
      const identity = random.pick(SHARED);
      const { name, claims } = spoilClaim(identity, random);
      const request = requestOf(identity, claims);
      const [ours, theirs] = await Promise.all([post(stack.url, request), post(plain.url, request)]);
      const isGrantedThere = theirs.status === 200;
      try {
        if (ours.status !== 200) expectRefusal(ours, isGrantedThere);
        else if (isGrantedThere) expectEqual(ours, theirs, { name, claim: claims[name] });
        else expect(UNREAD[identity.name]).toContain(name);
      } catch (error) {
        const what = `${identity.name}: ${name} = ${JSON.stringify(claims[name]).slice(0, 100)}`;
        throw new Error(`case ${i}, ${what}`, { cause: error });
      }
      if (ours.status === 200) outcomes.both++;
      else outcomes[isGrantedThere ? "stricter" : "neither"]++;
    }
    // Each of the three outcomes was frequent enough to be compared.
    for (const count of Object.values(outcomes)) expect(count).toBeGreaterThan(CASES / 20);
  });
});

describe("keys and certificate signing requests", () => {
  const identity = KNOWN_IDENTITIES[0] as KnownIdentity;
  const token = (): object => ({ oidcIdentityToken: tokenOf(claimsOf(identity)) });

  it.each(REQUESTS.map(({ name, pem }): [string, string] => [name, pem]))(
    "a request of %s gets the same answer",
    async (name, pem) => {
      const body = { credentials: token(), certificateSigningRequest: Buffer.from(pem).toString("base64") };
      await expectSame(body, `request of ${name}`);
    },
  );

  const rsa = (modulusLength: number, publicExponent = 65537): [KeyObject, KeyObject] => {
    const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength, publicExponent });
    return [publicKey, privateKey];
  };
  const ec = (namedCurve: string): [KeyObject, KeyObject] => {
    const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve });
    return [publicKey, privateKey];
  };
  const ed25519 = (): [KeyObject, KeyObject] => {
    const { publicKey, privateKey } = generateKeyPairSync("ed25519");
    return [publicKey, privateKey];
  };
  it.each<[string, () => [KeyObject, KeyObject], string | null]>([
    ["P-256", () => ec("prime256v1"), "sha256"],
    ["P-384", () => ec("secp384r1"), "sha384"],
    ["P-521", () => ec("secp521r1"), "sha512"],
    ["Ed25519", ed25519, null],
    ["RSA of 2048 bits", () => rsa(2048), "sha256"],
    ["RSA of 3072 bits", () => rsa(3072), "sha256"],
    ["RSA of 4096 bits", () => rsa(4096), "sha256"],
    ["P-256 with SHA-512", () => ec("prime256v1"), "sha512"],
    ["RSA of 1024 bits", () => rsa(1024), "sha256"],
    ["RSA of 2560 bits", () => rsa(2560), "sha256"],
    ["RSA with exponent 3", () => rsa(2048, 3), "sha256"],
    ["P-224", () => ec("secp224r1"), "sha256"],
    ["secp256k1", () => ec("secp256k1"), "sha256"],
  ])("%s gets the same answer", async (name, make, hash) => {
    const [publicKey, privateKey] = make();
    const proofOfPossession = sign(hash, Buffer.from(identity.challenge), privateKey).toString("base64");
    const publicKeyRequest = { publicKey: { content: pemOf(publicKey) }, proofOfPossession };
    await expectSame({ credentials: token(), publicKeyRequest }, name);
  });

  it("both reject a key whose primes are close to each other", async () => {
    const publicKey = createPublicKey({ key: { kty: "RSA", e: "AQAB", n: CLOSE_PRIMES }, format: "jwk" });
    const publicKeyRequest = { publicKey: { content: pemOf(publicKey) }, proofOfPossession: "AAAA" };
    await expectSame({ credentials: token(), publicKeyRequest }, "close primes");
  });
});

/** p·q, where p and q are primes of 1024 bits and q, the next prime after p, is p + 1734. */
const CLOSE_PRIMES =
  "9tPmE8f11zkKuxzoLH4XA-Sk7nkjPm3XkDgaloXj4j97tCtW8ImmjT1Tx7fe7ZNWdeRuR6vkBqUIXsYmZWpvq_bHqLcjq5L88niI" +
  "uUsv9UzoWC7QDbnIlBTEvsk5dpnKG6tc1PxFMpK2uzQxNGNcmPMzRQxNfPSfEVa-08I1pMbwb62lK0LlBXP9BFbE8BbxFxKm_BDg" +
  "OY6bdBGyC7Di3vmq9zMKEq7j5omkvqTWmZzj5l1-u0EpMiVpfxeXHhkBi57R3DxVAs6j3zBZ_RTXlkZbG1R6maKQb5KpbGExKAgv" +
  "R4djq0rdKLv33PqHsfL-YJN-UDdhz56n7v2mMJWlRw";

/** The answers that differ: Fulcio's answer → ours, by the name of the case. */
const DIFFERENCES: Readonly<Record<string, readonly [string, string]>> = {
  // Our message names the accepted keys.
  "request of secp256k1": [
    "The certificate signing request could not be parsed",
    "The public key supplied in the request could not be parsed",
  ],
  // Go ignores the version, and then finds that the signature does not cover the changed request.
  "request of version 2": [
    "The signature supplied in the request could not be verified",
    "The certificate signing request could not be parsed",
  ],
  // Go reads the first block and ignores the rest.
  "request of two blocks": ["certificate", "The certificate signing request could not be parsed"],
};

/** Expects the same status and code, and a message that begins with Fulcio's; or an equal certificate. */
async function expectSame(body: object, name: string): Promise<void> {
  const [ours, theirs] = await Promise.all([post(stack.url, body), post(plain.url, body)]);
  const [our, their] = [ours, theirs].map(({ status, text }) => {
    if (status === 200) return { status, code: 0, sentence: "certificate", parts: comparable(partsOf(text)) };
    const { code, message } = JSON.parse(text) as { readonly code: number; readonly message: string };
    return { status, code, sentence: message.split(": ")[0] ?? "", parts: null };
  });
  const [theirSentence, ourSentence] = DIFFERENCES[name] ?? [];
  if (theirSentence === undefined) expect(our).toEqual(their);
  else expect([their?.sentence, our?.sentence, our?.status, our?.code]).toEqual([theirSentence, ourSentence, 400, 3]);
}
