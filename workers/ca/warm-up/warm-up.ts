// SPDX-License-Identifier: Apache-2.0
// Issues two certificates while the isolate starts (shared/warm-up/fixture.ts says why).

import { createPrivateKey, createPublicKey, type KeyObject, sign } from "node:crypto";
import { sha256 } from "#sha256";
import { encodeBase64 } from "../../../shared/bytes/base64.ts";
import { encodePem } from "../../../shared/bytes/pem.ts";
import { encodeUtf8 } from "../../../shared/bytes/utf8.ts";
import { decodeEcdsaSignature } from "../../../shared/crypto/ecdsa-signature.ts";
import { sctSignedData } from "../../../shared/ct/sct.ts";
import { context, sequence, smallInteger } from "../../../shared/der/writer.ts";
import { decodeSigningRequest } from "../../../shared/fulcio/request.ts";
import { toSigningCertificate } from "../../../shared/fulcio/response.ts";
import { ownIssuerOf } from "../../../shared/oidc/own-issuer.ts";
import { ok, type Result } from "../../../shared/result.ts";
import type { CertificateSubmission } from "../../../shared/rpc/sequencer.ts";
import { unixMs } from "../../../shared/time.ts";
import {
  ECDSA_SHA256,
  NO_LIMIT,
  runWarmUp,
  serveWarmUp,
  type WarmUpKey,
  warmUpCertificate,
  warmUpKey,
  warmUpRequest,
} from "../../../shared/warm-up/fixture.ts";
import { encodeCertificate } from "../../../shared/x509/certificate.ts";
import { basicConstraintsCa, keyIdentifier, subjectKeyIdentifier } from "../../../shared/x509/extensions.ts";
import { EMPTY_NAME } from "../../../shared/x509/name.ts";
import { createCertificateAuthority } from "../authority.ts";
import { type CaEnv, readConfig } from "../env.ts";
import type { CertificateAuthority } from "../issuing/certificate-authority.ts";
import { issueCertificate } from "../issuing/issue.ts";

const NOW = unixMs(1_800_000_000_000);
const CLIENT = "start-up";
const NO_BYTES = new Uint8Array(0);
/** The built-in issuer is trusted on a loopback host without any connector. */
const PUBLIC_URL = "http://localhost";
const EMAIL_ISSUER = ownIssuerOf(PUBLIC_URL);
const WORKFLOW_ISSUER = "https://workflow.warm-up.invalid";
const WORKFLOW_CLAIMS =
  "event_name sha workflow repository ref job_workflow_ref job_workflow_sha runner_environment repository_id repository_owner " +
  "repository_owner_id workflow_ref workflow_sha run_id run_attempt repository_visibility";

/**
 * Serves a request without a token, then issues one certificate for a token of the built-in issuer and one for a
 * workflow token: the route itself would write the log line of a certificate. Returns the length of the responses'
 * JSON, or 0 where start-up forbids it.
 */
export const warmUp = (serve: Serve): Promise<number> => runWarmUp(() => issueBoth(serve));

type Serve = (request: Request, ca: CertificateAuthority) => Promise<Response>;

async function issueBoth(serve: Serve): Promise<number> {
  const key = openKey();
  const authority = warmUpAuthority(key);
  if (!authority.ok) return 0;
  const post = warmUpRequest("/api/v2/signingCert", "application/json", encodeUtf8("{}"));
  await serveWarmUp(() => serve(post, authority.value));
  let length = 0;
  for (const body of [emailRequest(key), workflowRequest(key)]) {
    const request = decodeSigningRequest(encodeUtf8(JSON.stringify(body)));
    const chain = request.ok ? await issueCertificate(request.value, CLIENT, authority.value) : null;
    if (chain?.ok === true) length += JSON.stringify(toSigningCertificate(chain.value.chain)).length;
  }
  return length;
}

/** One key for the CA, the issuers, the log and the client. */
interface Key extends WarmUpKey {
  readonly privateKey: KeyObject;
  /** The public half, as in a JWK Set. */
  readonly jwk: object;
}

function openKey(): Key {
  const key = warmUpKey();
  const privateKey = createPrivateKey(key.pem);
  return { ...key, privateKey, jwk: { ...createPublicKey(privateKey).export({ format: "jwk" }), kid: "1" } };
}

function warmUpAuthority(key: Key): Result<CertificateAuthority, unknown> {
  const jwks = { keys: [key.jwk] };
  const log = {
    appendCertificate: ({ signedEntry, issuerKeyHash }: CertificateSubmission) => {
      const promise = { timestamp: NOW, extensions: new Uint8Array(8) };
      const entry = { entryType: "precert_entry", issuerKeyHash: issuerKeyHash ?? NO_BYTES, signedEntry } as const;
      const signature = signWith(key, sctSignedData({ ...entry, ...promise }));
      return Promise.resolve(ok({ ...promise, logId: sha256(key.spki), spki: key.spki, signature }));
    },
  };
  const env = {
    PUBLIC_URL,
    CA_CHAIN: encodePem("CERTIFICATE", rootCertificate(key)),
    CA_KEY: key.pem,
    ISSUERS: JSON.stringify([{ "issuer-url": WORKFLOW_ISSUER, type: "github-workflow", jwks }]),
    SEQUENCER: { getByName: () => log },
    USED_TOKENS: {},
    WRITES: NO_LIMIT,
    IDENTITIES: NO_LIMIT,
    OIDC: { jwks: () => Promise.resolve(jwks) },
  };
  // The bindings have the methods that the CA calls and none that the platform adds.
  const config = readConfig(env as unknown as CaEnv, true);
  const platform = {
    now: () => NOW,
    randomBytes: (length: number) => new Uint8Array(length),
    fetch: () => Promise.reject(new TypeError("start-up has no network")),
    keepAlive: () => {},
    cache: () => Promise.reject(new TypeError("start-up has no cache")),
  };
  return config.ok ? ok(createCertificateAuthority(config.value, platform)) : config;
}

/** A root that issues directly. */
function rootCertificate(key: Key): Uint8Array {
  const identifier = keyIdentifier(key.spki);
  const extensions = [basicConstraintsCa(null), subjectKeyIdentifier(identifier.ok ? identifier.value : key.spki)];
  return warmUpCertificate(extensions, (tbs) => signWith(key, tbs));
}

const signWith = ({ privateKey }: Key, message: Uint8Array): Uint8Array =>
  new Uint8Array(sign("sha256", message, privateKey));

function emailRequest(key: Key): object {
  const email = "warm-up@warm-up.invalid";
  const claims = {
    iss: EMAIL_ISSUER,
    email,
    email_verified: true,
    federated_claims: { connector_id: WORKFLOW_ISSUER },
  };
  return {
    credentials: { oidcIdentityToken: formatToken(claims, key) },
    publicKeyRequest: {
      publicKey: { algorithm: "ECDSA", content: encodePem("PUBLIC KEY", key.spki) },
      proofOfPossession: encodeBase64(signWith(key, encodeUtf8(email))),
    },
  };
}

function workflowRequest(key: Key): object {
  const claims = Object.fromEntries(WORKFLOW_CLAIMS.split(" ").map((claim) => [claim, claim]));
  const info = sequence(smallInteger(0), EMPTY_NAME, key.spki, context(0));
  const csr = encodePem("CERTIFICATE REQUEST", encodeCertificate(info, ECDSA_SHA256, signWith(key, info)));
  return {
    credentials: { oidcIdentityToken: formatToken({ ...claims, iss: WORKFLOW_ISSUER }, key) },
    certificateSigningRequest: encodeBase64(encodeUtf8(csr)),
  };
}

function formatToken(claims: object, key: Key): string {
  const payload = { sub: "warm-up", aud: "sigstore", exp: NOW / 1000 + 60, ...claims };
  const input = `${base64url({ alg: "ES256", kid: "1" })}.${base64url(payload)}`;
  const signature = decodeEcdsaSignature(signWith(key, encodeUtf8(input)), 32);
  return signature.ok ? `${input}.${urlSafe(encodeBase64(signature.value))}` : "";
}

const base64url = (value: object): string => urlSafe(encodeBase64(encodeUtf8(JSON.stringify(value))));
const urlSafe = (base64: string): string => base64.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
