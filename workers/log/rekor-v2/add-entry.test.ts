// SPDX-License-Identifier: Apache-2.0

import { readFileSync } from "node:fs";
import { TransparencyLogEntry } from "@sigstore/protobuf-specs";
import { beforeEach, describe, expect, it } from "vitest";
import { preAuthEncoding } from "../../../shared/rekor/dsse.ts";
import { err, ok, type Result } from "../../../shared/result.ts";
import type { AppendError, Appended, Duplicate, SignatureSubmission } from "../../../shared/rpc/sequencer.ts";
import { termKey } from "../../../shared/search/terms.ts";
import { unixMs } from "../../../shared/time.ts";
import { hash, leafHash } from "../../../shared/tlog/hash.ts";
import { CA, fromBase64, leafNamed, signWithLeafKey } from "../../../test/support/authority/signing-chain.ts";
import { KEY_KINDS, type SigningKey, signingKey, signMessage } from "../../../test/support/authority/signing-keys.ts";
import { hashOf } from "../../../test/support/digests/digest-cases.ts";
import type { AddEntryError } from "../errors.ts";
import { type AddEntryDeps, addEntry, type EntryProver } from "./add-entry.ts";
import { DEFAULT_BOUNDS } from "./write-budget.ts";
import { parseSigningAlgorithms, parseWritePolicy } from "./write-policy.ts";

const vectorsPath = new URL("../../../test/vectors/rekor-tiles/rekor-v2-vectors.json", import.meta.url).pathname;
interface Vector {
  readonly request: object;
  readonly body: string;
  readonly leafHash: string;
  readonly logIndex: number;
  readonly treeSize: number;
  readonly rootB64: string;
  readonly proofHashes: readonly string[];
  readonly checkpoint: string;
}
const { log, ...vectors } = JSON.parse(readFileSync(vectorsPath, "utf8")) as Record<"A" | "B" | "C", Vector> & {
  readonly log: { readonly logIdB64: string };
};

type Answer = Result<Appended | Duplicate, AppendError>;

let submitted: SignatureSubmission[];
let reported: AddEntryError[];
let observed: number[];

const NOWHERE: EntryProver = { prove: () => Promise.reject(new Error("nothing to prove")) };
/** Within the validity of the leaves. */
const NOW = unixMs(leafNamed("email").notBefore + 1000);
const message = new TextEncoder().encode("an artifact");
const p256 = signingKey("ecdsa-p256");
const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64");

beforeEach(() => {
  submitted = [];
  reported = [];
  observed = [];
});

const appendedAs = ({ logIndex, treeSize, rootB64, proofHashes, checkpoint }: Vector): Appended => ({
  kind: "appended",
  leafIndex: logIndex,
  timestamp: unixMs(1),
  treeSize,
  rootHash: hash(fromBase64(rootB64)),
  proof: proofHashes.map(fromBase64),
  checkpoint,
});

function deps(answer: Answer = ok(appendedAs(vectors.A)), other: Partial<AddEntryDeps> = {}): AddEntryDeps {
  const policy = parseWritePolicy("open", null, [{ certificate: CA, retirement: null, isIssuing: true }]);
  const accepted = parseSigningAlgorithms(null);
  if (!policy.ok || !accepted.ok) throw new Error("settings");
  return {
    policy: { ...policy.value, bounds: DEFAULT_BOUNDS },
    accepted: accepted.value,
    now: () => NOW,
    sequencer: () => ({
      appendSignature: (submission) => {
        submitted.push(submission);
        return Promise.resolve(answer);
      },
    }),
    logId: () => Promise.resolve(fromBase64(log.logIdB64)),
    prover: NOWHERE,
    observe: ({ treeSize }) => observed.push(treeSize),
    report: (error) => reported.push(error),
    ...other,
  };
}

const post = (
  body: BodyInit | object,
  dependencies = deps(),
  headers: Record<string, string> = {},
): Promise<Response> =>
  addEntry(
    new Request("http://localhost/api/v2/log/entries", {
      method: "POST",
      headers,
      body: typeof body === "string" || body instanceof Uint8Array ? body : JSON.stringify(body),
    }),
    dependencies,
  );

interface HashedRequest {
  hashedRekordRequestV002: {
    digest: string;
    signature: { content: string; verifier: { publicKey?: object; x509Certificate?: object; keyDetails: string } };
  };
}

function hashedRequest(key: SigningKey = p256): HashedRequest {
  return {
    hashedRekordRequestV002: {
      digest: base64(hashOf(key, message)),
      signature: {
        content: base64(signMessage(key, message)),
        verifier: { publicKey: { rawBytes: base64(key.spki) }, keyDetails: key.keyDetails },
      },
    },
  };
}

function certifiedRequest(leaf: string): HashedRequest {
  const request = hashedRequest();
  request.hashedRekordRequestV002.signature = {
    content: base64(signWithLeafKey(message)),
    verifier: { x509Certificate: { rawBytes: base64(leafNamed(leaf).der) }, keyDetails: "PKIX_ECDSA_P256_SHA_256" },
  };
  return request;
}

function dsseRequest(payload: Uint8Array, payloadType: string, signatures = 1): object {
  const sig = base64(signMessage(p256, preAuthEncoding(payloadType, payload)));
  return {
    dsseRequestV002: {
      envelope: {
        payload: base64(payload),
        payloadType,
        signatures: Array.from({ length: signatures }, () => ({ sig, keyid: "" })),
      },
      verifiers: [{ publicKey: { rawBytes: base64(p256.spki) }, keyDetails: p256.keyDetails }],
    },
  };
}

const bodyText = (): string => new TextDecoder().decode(submitted[0]?.body);

describe("an accepted entry", () => {
  it.each([
    ["A", vectors.A.request, vectors.A],
    ["B", vectors.B.request, vectors.B],
    ["C, a dsse request, logged as B", vectors.C.request, vectors.B],
  ])("equals the reference's: vector %s", async (_, request, expected) => {
    const response = await post(request, deps(ok(appendedAs(expected))));
    expect(response.status).toBe(201);
    expect(response.headers.get("content-type")).toMatch(/^application\/json/);
    expect(response.headers.get("cache-control")).toBe("no-store");
    expect(response.headers.has("x-log-index")).toBe(false);
    expect(await response.json()).toEqual({
      logIndex: String(expected.logIndex),
      logId: { keyId: log.logIdB64 },
      kindVersion: { kind: "hashedrekord", version: "0.0.2" },
      integratedTime: "0",
      inclusionPromise: null,
      inclusionProof: {
        logIndex: String(expected.logIndex),
        rootHash: expected.rootB64,
        treeSize: String(expected.treeSize),
        hashes: expected.proofHashes,
        checkpoint: { envelope: expected.checkpoint },
      },
      canonicalizedBody: base64(new TextEncoder().encode(expected.body)),
    });
    expect(bodyText()).toBe(expected.body);
    expect(Buffer.from(leafHash(submitted[0]?.body ?? new Uint8Array(0))).toString("hex")).toBe(expected.leafHash);
    expect(observed).toEqual([expected.treeSize]);
    expect(reported).toEqual([]);
  });

  it("can be read by @sigstore/protobuf-specs", async () => {
    const entry = TransparencyLogEntry.fromJSON(
      await (await post(vectors.B.request, deps(ok(appendedAs(vectors.B))))).json(),
    );
    expect(entry).toMatchObject({ logIndex: "1", kindVersion: { kind: "hashedrekord", version: "0.0.2" } });
    expect(base64(entry.inclusionProof?.rootHash ?? new Uint8Array(0))).toBe(vectors.B.rootB64);
    expect(base64(entry.logId?.keyId ?? new Uint8Array(0))).toBe(log.logIdB64);
  });

  it.each(KEY_KINDS)("has a key of %s", async (kind) => {
    const key = signingKey(kind);
    expect((await post(hashedRequest(key))).status).toBe(201);
    expect(bodyText()).toContain(
      `"verifier":{"keyDetails":"${key.keyDetails}","publicKey":{"rawBytes":"${base64(key.spki)}"}}`,
    );
  });

  it("has one canonical body however the request spells it", async () => {
    const { hashedRekordRequestV002: request } = hashedRequest();
    const { content, verifier } = request.signature;
    const unpadded = (text: string): string => text.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
    const spelt = {
      hashed_rekord_request_v002: {
        digest: unpadded(request.digest),
        signature: {
          content: unpadded(content),
          verifier: { public_key: { raw_bytes: unpadded(base64(p256.spki)) }, x509Certificate: null, key_details: 5 },
        },
      },
    };
    expect(verifier.keyDetails).toBe("PKIX_ECDSA_P256_SHA_256");
    await post({ hashedRekordRequestV002: request }, deps(), { "content-type": "text/plain" });
    await post(spelt);
    expect(submitted[1]?.body).toEqual(submitted[0]?.body);
  });

  it("with a certificate has the search row of that certificate", async () => {
    expect((await post(certifiedRequest("email"))).status).toBe(201);
    expect(submitted[0]?.hints).toBe(null);
    expect(submitted[0]?.search).toMatchObject({
      signer: { names: ["email:Alice@Example.com"], issuer: "https://issuer.test" },
    });
  });

  it("with an attestation has hints from its payload", async () => {
    const subject = [{ name: "a", digest: { sha256: "cd".repeat(32) } }];
    const statement = new TextEncoder().encode(
      JSON.stringify({ subject, predicateType: "https://slsa.dev/provenance/v1" }),
    );
    expect((await post(dsseRequest(statement, "application/vnd.in-toto+json"))).status).toBe(201);
    expect(submitted[0]?.hints).toMatchObject({
      subjectDigests: [`sha256:${"cd".repeat(32)}`],
      predicateType: "https://slsa.dev/provenance/v1",
    });
    expect(submitted[0]?.search.terms).toContain(termKey("digest", `sha256:${"cd".repeat(32)}`));
    expect(submitted[0]?.search.digest).toBe(`sha256:${"cd".repeat(32)}`);
  });
});

describe("a duplicate", () => {
  const duplicate: Answer = ok({ kind: "duplicate", leafIndex: 1 });

  it("is answered with the logged entry and X-Log-Index", async () => {
    const asked: [number, Uint8Array][] = [];
    const { rootB64, checkpoint, proofHashes, leafHash: leaf } = vectors.B;
    const prover = {
      prove: (leafIndex: number, provenLeaf: Uint8Array) => {
        asked.push([leafIndex, provenLeaf]);
        const head = { treeSize: 2, rootHash: hash(fromBase64(rootB64)), checkpoint };
        return Promise.resolve(ok({ leafIndex, head, proof: proofHashes.map(fromBase64) }));
      },
    } as unknown as EntryProver;
    const response = await post(vectors.B.request, deps(duplicate, { prover }));
    expect(response.status).toBe(201);
    expect(response.headers.get("x-log-index")).toBe("1");
    expect(await response.json()).toMatchObject({
      logIndex: "1",
      inclusionProof: { logIndex: "1", treeSize: "2", hashes: proofHashes, checkpoint: { envelope: checkpoint } },
      canonicalizedBody: base64(new TextEncoder().encode(vectors.B.body)),
    });
    expect(asked.map(([index, provenLeaf]) => [index, Buffer.from(provenLeaf).toString("hex")])).toEqual([[1, leaf]]);
  });

  it("whose proof is unavailable is 503 with Retry-After", async () => {
    const prover: EntryProver = { prove: () => Promise.resolve(err({ code: "beyond_head" })) };
    const response = await post(vectors.B.request, deps(duplicate, { prover }));
    expect(response.status).toBe(503);
    expect(response.headers.get("retry-after")).toBe("1");
    expect(await response.json()).toEqual({
      code: 14,
      message: "the entry is logged at index 1, but its proof is unavailable: retry",
      details: [],
    });
    expect(reported).toEqual([{ code: "entry_unproven", leafIndex: 1, cause: { code: "beyond_head" } }]);
  });
});

describe("a rejected entry", () => {
  const INVALID = "invalid hashedrekord request: ";
  const change = (edit: (request: HashedRequest["hashedRekordRequestV002"]) => void): HashedRequest => {
    const request = hashedRequest();
    edit(request.hashedRekordRequestV002);
    return request;
  };
  const P384 = signingKey("ecdsa-p384");

  const rows: readonly [string, string | object, string][] = [
    ["an empty body", "", "invalid type, must be hashedrekord: send hashedRekordRequestV002 or dsseRequestV002"],
    ["{}", "{}", "invalid type, must be hashedrekord: send hashedRekordRequestV002 or dsseRequestV002"],
    [
      "a null member",
      '{"hashedRekordRequestV002":null}',
      "invalid type, must be hashedrekord: send hashedRekordRequestV002 or dsseRequestV002",
    ],
    ["truncated JSON", '{"hashedRekord', "proto: syntax error: the request body is not well-formed JSON in UTF-8"],
    ["a repeated member", '{"a":1,"a":1}', "proto: syntax error: a member name is repeated in one object"],
    [
      "deep nesting",
      `{"a":${"[".repeat(40)}${"]".repeat(40)}}`,
      "proto: syntax error: the request is nested too deeply",
    ],
    ["null", "null", "proto: invalid value for field the request: wrong JSON type"],
    ["an unknown field", { foo: 1 }, 'proto: unknown field "foo"'],
    [
      "an unknown field below",
      { hashedRekordRequestV002: { signature: { foo: 1 } } },
      'proto: unknown field "foo" in hashedRekordRequestV002.signature',
    ],
    ["a long unknown field", { ["x".repeat(300)]: 1 }, `proto: unknown field "${"x".repeat(199)}…"`],
    [
      "both verifiers",
      change(({ signature }) => {
        signature.verifier.x509Certificate = { rawBytes: base64(leafNamed("email").der) };
      }),
      "proto: field hashedRekordRequestV002.signature.verifier.x509Certificate is already set, or conflicts with a field that is set",
    ],
    [
      "bad base64",
      { hashedRekordRequestV002: { digest: "!" } },
      "proto: invalid value for bytes field hashedRekordRequestV002.digest: not base64",
    ],
    [
      "an unknown enum",
      change(({ signature }) => {
        signature.verifier.keyDetails = "NOPE";
      }),
      "proto: invalid value for enum field hashedRekordRequestV002.signature.verifier.keyDetails",
    ],
    [
      "eleven verifiers",
      { dsseRequestV002: { verifiers: Array.from({ length: 11 }, () => ({})) } },
      "proto: too many elements in field dsseRequestV002.verifiers: at most 10",
    ],
    ["no signature", { hashedRekordRequestV002: {} }, `${INVALID}missing signature`],
    [
      "no verifier",
      { hashedRekordRequestV002: { digest: "AA==", signature: { content: "AA==" } } },
      `${INVALID}missing verifier: send a publicKey or an x509Certificate`,
    ],
    [
      "no digest",
      change((request) => {
        request.digest = "";
      }),
      `${INVALID}missing digest`,
    ],
    [
      "a digest of the wrong length",
      change((request) => {
        request.digest = base64(new Uint8Array(20));
      }),
      `${INVALID}digest length (20) does not match expected size (32) for algorithm SHA-256`,
    ],
    [
      "an empty verifier",
      change(({ signature }) => {
        signature.verifier.publicKey = {};
      }),
      `${INVALID}invalid verifier: rawBytes is missing`,
    ],
    [
      "a key that does not parse",
      change(({ signature }) => {
        signature.verifier.publicKey = { rawBytes: "AAAA" };
      }),
      `${INVALID}parsing verifier: the public key must be a SubjectPublicKeyInfo in DER (not PEM, not PKCS#1)`,
    ],
    [
      "a certificate that does not parse",
      change(({ signature }) => {
        signature.verifier = { x509Certificate: { rawBytes: base64(p256.spki) }, keyDetails: p256.keyDetails };
      }),
      `${INVALID}parsing verifier: x509Certificate.rawBytes must be one X.509 v3 certificate in DER without trailing data`,
    ],
    [
      "pure Ed25519",
      change(({ signature }) => {
        signature.verifier.keyDetails = "PKIX_ED25519";
      }),
      `${INVALID}unsupported signature algorithm PKIX_ED25519: this log accepts PKIX_ECDSA_P256_SHA_256, PKIX_ECDSA_P384_SHA_384, ` +
        "PKIX_ECDSA_P521_SHA_512, PKIX_ED25519_PH, PKIX_RSA_PKCS1V15_2048_SHA256, PKIX_RSA_PKCS1V15_3072_SHA256, PKIX_RSA_PKCS1V15_4096_SHA256",
    ],
    [
      "key and keyDetails that differ",
      change(({ signature }) => {
        signature.verifier = { publicKey: { rawBytes: base64(P384.spki) }, keyDetails: p256.keyDetails };
      }),
      `${INVALID}keyDetails is PKIX_ECDSA_P256_SHA_256, but must be PKIX_ECDSA_P384_SHA_384 for this key`,
    ],
    [
      "a signature that does not verify",
      change((request) => {
        request.digest = base64(hashOf(p256, new Uint8Array(1)));
      }),
      `${INVALID}verifying signature: it does not verify over this digest with the verifier's key (ECDSA in ASN.1 DER, RSA in PKCS#1 v1.5, Ed25519ph)`,
    ],
    [
      "an entry too large",
      certifiedRequest("large"),
      `${INVALID}the entry is too large: its canonical body must be at most 32768 bytes`,
    ],
    ["two signatures", dsseRequest(message, "t", 2), `${INVALID}the envelope must have exactly one signature, not 2`],
  ];

  it.each(rows)("%s: 400, and nothing is appended", async (_, request, text) => {
    const response = await post(request);
    expect(response.status).toBe(400);
    expect(response.headers.get("content-type")).toMatch(/^application\/json/);
    expect(await response.json()).toEqual({ code: 3, message: text, details: [] });
    expect(submitted).toEqual([]);
    expect(reported.length).toBe(1);
  });

  it("a body of more than 4 MiB: 400, as the reference answers", async () => {
    const body = new Uint8Array(4 * 1024 * 1024 + 1).fill(0x20);
    const response = await post(body);
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({ code: 3, message: "http: request body too large", details: [] });
  });

  it.each<[string, AppendError, string, string]>([
    [
      "busy",
      { code: "log_busy", retryAfterSeconds: 3 },
      "3",
      "the log is busy: retry with the same entry, which is logged at most once",
    ],
    ["starting", { code: "log_starting", reason: "r2" }, "1", "the log is starting: retry"],
    [
      "refusing",
      { code: "log_refusing", reason: "anchor" },
      "60",
      "the log refuses entries until its operator intervenes; it can still be read",
    ],
    [
      "behind its clock",
      { code: "clock_behind", lastTimestamp: unixMs(2), now: unixMs(1) },
      "10",
      "the log's clock is behind its last entry: retry later",
    ],
  ])("by a log that is %s: 503", async (_, error, retryAfter, text) => {
    const response = await post(hashedRequest(), deps(err(error)));
    expect(response.status).toBe(503);
    expect(response.headers.get("retry-after")).toBe(retryAfter);
    expect(await response.json()).toEqual({ code: 14, message: text, details: [] });
    expect(reported).toEqual([error]);
  });

  it("throws if the platform fails: the service's outermost layer answers", async () => {
    const sequencer: AddEntryDeps["sequencer"] = () => ({ appendSignature: () => Promise.reject(new Error("reset")) });
    await expect(post(hashedRequest(), deps(undefined, { sequencer }))).rejects.toThrow("reset");
  });
});

describe("the write policy", () => {
  const restricted = (keys: string | null = null): AddEntryDeps => {
    const policy = parseWritePolicy(null, keys, [{ certificate: CA, retirement: null, isIssuing: true }]);
    if (!policy.ok) throw new Error(policy.error);
    return deps(undefined, { policy: { ...policy.value, bounds: DEFAULT_BOUNDS } });
  };
  const NAMED = 'invalid hashedrekord request: write policy "own-ca+listed-keys"';

  it("accepts our certificates and listed keys", async () => {
    const pem = String(p256.publicObject.export({ format: "pem", type: "spki" }));
    expect((await post(certifiedRequest("email"), restricted())).status).toBe(201);
    expect((await post(hashedRequest(), restricted(pem))).status).toBe(201);
  });

  it.each([
    ["an unlisted key", () => hashedRequest(), / rejects the public key with SHA-256 [0-9a-f]{64}: it is not listed$/],
    [
      "another CA",
      () => certifiedRequest("byStranger"),
      / accepts only certificates of this log's own CA, which did not issue this one$/,
    ],
    [
      "a precertificate",
      () => certifiedRequest("precertificate"),
      / accepts only signing certificates: purpose codeSigning and an embedded SCT list$/,
    ],
  ])("rejects %s", async (_, request, reason) => {
    const response = await post(request(), restricted());
    const { message: text } = (await response.json()) as { message: string };
    expect(response.status).toBe(400);
    expect(text.startsWith(NAMED)).toBe(true);
    expect(text).toMatch(reason);
    expect(submitted).toEqual([]);
  });

  it("is applied before the signature is verified", async () => {
    const request = hashedRequest(signingKey("ecdsa-p521"));
    request.hashedRekordRequestV002.signature.content = "AAAA";
    await post(request, restricted());
    expect(reported).toMatchObject([{ code: "policy_key_not_listed" }]);
  });

  it("accepts an envelope if one of its verifiers may write and verifies it", async () => {
    const { dsseRequestV002: request } = dsseRequest(message, "t") as { dsseRequestV002: { verifiers: object[] } };
    const other = signingKey("ecdsa-p384");
    request.verifiers.unshift({ publicKey: { rawBytes: base64(other.spki) }, keyDetails: other.keyDetails });
    const list = (key: SigningKey): string => String(key.publicObject.export({ format: "pem", type: "spki" }));
    expect((await post({ dsseRequestV002: request }, restricted(list(p256)))).status).toBe(201);
    expect((await post({ dsseRequestV002: request }, restricted(list(other)))).status).toBe(400);
    expect(reported).toEqual([{ code: "entry_signature_invalid" }]);
  });
});
