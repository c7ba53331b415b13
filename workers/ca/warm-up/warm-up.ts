// SPDX-License-Identifier: Apache-2.0
// Issues two certificates while the isolate starts. The first run of code costs several times its later price, as it is compiled
// then, and a request that comes first has 10 ms of CPU on the Free plan; start-up has a hundred times that.

import { createPrivateKey, createPublicKey, type KeyObject, sign } from "node:crypto";
import { sha256 } from "#sha256";
import { encodeBase64 } from "../../../shared/bytes/base64.ts";
import { encodePem } from "../../../shared/bytes/pem.ts";
import { encodeUtf8 } from "../../../shared/bytes/utf8.ts";
import { decodeEcdsaSignature } from "../../../shared/crypto/ecdsa-signature.ts";
import { sctSignedData } from "../../../shared/ct/sct.ts";
import { context, octetString, oid, sequence, smallInteger } from "../../../shared/der/writer.ts";
import { decodeSigningRequest } from "../../../shared/fulcio/request.ts";
import { toSigningCertificate } from "../../../shared/fulcio/response.ts";
import { ok, type Result } from "../../../shared/result.ts";
import type { CertificateSubmission } from "../../../shared/rpc/sequencer.ts";
import { unixMs } from "../../../shared/time.ts";
import { encodeCertificate, encodeTbs } from "../../../shared/x509/certificate.ts";
import { basicConstraintsCa, keyIdentifier, subjectKeyIdentifier } from "../../../shared/x509/extensions.ts";
import { EMPTY_NAME, encodeName } from "../../../shared/x509/name.ts";
import { createAuthority } from "../authority.ts";
import { type CaEnv, readConfig } from "../env.ts";
import { issueCertificate } from "../issuing/issue.ts";

const NOW = unixMs(1_800_000_000_000);
const NO_BYTES = new Uint8Array(0);
const ECDSA_SHA256 = sequence(oid("1.2.840.10045.4.3.2"));
const PUBLIC_URL = "https://warm-up.invalid";
const WORKFLOW_ISSUER = "https://workflow.warm-up.invalid";
const WORKFLOW_CLAIMS =
  "event_name sha workflow repository ref job_workflow_ref job_workflow_sha runner_environment repository_id repository_owner " +
  "repository_owner_id workflow_ref workflow_sha run_id run_attempt repository_visibility";

/** Gives the length of the answers' JSON, 0 if start-up does not allow it. */
export async function warmUp(): Promise<number> {
  try {
    const key = throwAwayKey();
    const authority = throwAwayAuthority(key);
    let length = 0;
    for (const body of [emailRequest(key), workflowRequest(key)]) {
      const request = decodeSigningRequest(encodeUtf8(JSON.stringify(body)));
      const chain = request.ok && authority.ok ? await issueCertificate(request.value, authority.value) : null;
      if (chain?.ok === true) length += JSON.stringify(toSigningCertificate(chain.value.chain)).length;
    }
    return length;
  } catch {
    // Nothing depends on it but the speed of the first request.
    return 0;
  }
}

interface Key {
  readonly privateKey: KeyObject;
  /** PKCS#8. */
  readonly pem: string;
  readonly spki: Uint8Array;
  /** As a JWK Set shows the public half. */
  readonly jwk: object;
}

/** The P-256 key whose secret is 1: the CA's, the issuers' and the client's, in an authority that nobody trusts. */
function throwAwayKey(): Key {
  const algorithm = sequence(oid("1.2.840.10045.2.1"), oid("1.2.840.10045.3.1.7"));
  const ecPrivateKey = sequence(smallInteger(1), octetString(new Uint8Array(32).fill(1, 31)));
  const pem = encodePem("PRIVATE KEY", sequence(smallInteger(0), algorithm, octetString(ecPrivateKey)));
  const privateKey = createPrivateKey(pem);
  const publicKey = createPublicKey(privateKey);
  const spki = new Uint8Array(publicKey.export({ type: "spki", format: "der" }));
  return { privateKey, pem, spki, jwk: { ...publicKey.export({ format: "jwk" }), kid: "1" } };
}

function throwAwayAuthority(key: Key): Result<Parameters<typeof issueCertificate>[1], unknown> {
  const jwks = { keys: [key.jwk] };
  const log = {
    appendCertificate: ({ signedEntry, issuerKeyHash }: CertificateSubmission) => {
      const promise = { timestamp: NOW, extensions: new Uint8Array(8) };
      const entry = { entryType: "precert_entry", issuerKeyHash: issuerKeyHash ?? NO_BYTES, signedEntry } as const;
      const signature = signed(sctSignedData({ ...entry, ...promise }), key);
      return Promise.resolve(ok({ ...promise, logId: sha256(key.spki), spki: key.spki, signature }));
    },
  };
  const unlimited = { limit: () => Promise.resolve({ success: true }) };
  const env = {
    PUBLIC_URL,
    CA_CHAIN: encodePem("CERTIFICATE", throwAwayRoot(key)),
    CA_KEY: key.pem,
    ISSUERS: JSON.stringify([{ "issuer-url": WORKFLOW_ISSUER, type: "github-workflow", jwks }]),
    SEQUENCER: { getByName: () => log },
    CLIENTS: unlimited,
    IDENTITIES: unlimited,
    OIDC: { jwks: () => Promise.resolve(jwks) },
  };
  // Of the bindings it has what the CA asks of them and nothing of what the platform adds.
  const config = readConfig(env as unknown as CaEnv, false);
  const platform = {
    now: () => NOW,
    randomBytes: (length: number) => new Uint8Array(length),
    fetch: () => Promise.reject(new TypeError("start-up has no network")),
    cache: () => ({ match: () => Promise.resolve(undefined), put: () => Promise.resolve() }),
  };
  return config.ok ? ok(createAuthority(config.value, platform)) : config;
}

/** A root that issues by itself. */
function throwAwayRoot(key: Key): Uint8Array {
  const name = encodeName({ organization: "warm-up", commonName: "warm-up" });
  const identifier = keyIdentifier(key.spki);
  const tbs = encodeTbs({
    serial: Uint8Array.of(1),
    signatureAlgorithm: ECDSA_SHA256,
    issuer: name,
    notBefore: unixMs(0),
    notAfter: unixMs(2 * NOW),
    subject: name,
    spki: key.spki,
    extensions: [basicConstraintsCa(null), subjectKeyIdentifier(identifier.ok ? identifier.value : key.spki)],
  });
  return encodeCertificate(tbs, ECDSA_SHA256, signed(tbs, key));
}

const signed = (message: Uint8Array, { privateKey }: Key): Uint8Array =>
  new Uint8Array(sign("sha256", message, privateKey));

function emailRequest(key: Key): object {
  const email = "warm-up@warm-up.invalid";
  return {
    credentials: { oidcIdentityToken: token({ iss: `${PUBLIC_URL}/oidc`, email, email_verified: true }, key) },
    publicKeyRequest: {
      publicKey: { algorithm: "ECDSA", content: encodePem("PUBLIC KEY", key.spki) },
      proofOfPossession: encodeBase64(signed(encodeUtf8(email), key)),
    },
  };
}

function workflowRequest(key: Key): object {
  const claims = Object.fromEntries(WORKFLOW_CLAIMS.split(" ").map((claim) => [claim, claim]));
  const info = sequence(smallInteger(0), EMPTY_NAME, key.spki, context(0));
  const csr = encodePem("CERTIFICATE REQUEST", encodeCertificate(info, ECDSA_SHA256, signed(info, key)));
  return {
    credentials: { oidcIdentityToken: token({ ...claims, iss: WORKFLOW_ISSUER }, key) },
    certificateSigningRequest: encodeBase64(encodeUtf8(csr)),
  };
}

function token(claims: object, key: Key): string {
  const payload = { sub: "warm-up", aud: "sigstore", exp: NOW / 1000 + 60, ...claims };
  const input = `${base64url({ alg: "ES256", kid: "1" })}.${base64url(payload)}`;
  const signature = decodeEcdsaSignature(signed(encodeUtf8(input), key), 32);
  return signature.ok ? `${input}.${urlSafe(encodeBase64(signature.value))}` : "";
}

const base64url = (value: object): string => urlSafe(encodeBase64(encodeUtf8(JSON.stringify(value))));
const urlSafe = (base64: string): string => base64.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
