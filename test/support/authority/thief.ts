// SPDX-License-Identifier: Apache-2.0
// Somebody who has private keys of a deployment: runs its CA or its timestamp authority with them, signs tokens of its
// issuer, and shows trees of its log.

import { createHash, createPrivateKey, createPublicKey, sign as signBytes } from "node:crypto";
import { createServer, type Server } from "node:http";
import { type Bundle, bundleFromJSON, bundleToJSON } from "@sigstore/bundle";
import { SigningConfig } from "@sigstore/protobuf-specs";
import { calculateJwkThumbprint } from "jose";
import type { Instance } from "../../../cli/signing/sigstore-js.ts";
import { decodePem, encodePem } from "../../../shared/bytes/pem.ts";
import type { CertificateSubmission } from "../../../shared/rpc/sequencer.ts";
import { type UnixMs, unixMs } from "../../../shared/time.ts";
import { createCa } from "../../../workers/ca/index.ts";
import tsa from "../../../workers/tsa/index.ts";
import { valueOf } from "../value-of.ts";
import { emptyCache, FakeCertificateLog, jwksOf, makeCaEnv } from "./ca.ts";
import { makeIssuerKey, signToken } from "./identity-token.ts";

/** The person whom the thief impersonates. */
export const VICTIM = { identity: "ceo@corp.example", issuer: "https://accounts.google.com" } as const;

const GOOGLE_KEY = makeIssuerKey("google");
const now = (): UnixMs => unixMs(Date.now());

/** The thief's token of the victim, which only the thief's own CA believes. */
export const victimToken = (): string => token(VICTIM.issuer, VICTIM.identity, GOOGLE_KEY);

/** Names its issuer as the connector, as the built-in issuer's tokens must. */
function token(iss: string, email: string, key: Parameters<typeof signToken>[1]): string {
  const iat = Math.floor(Date.now() / 1000);
  const federated = { federated_claims: { connector_id: iss, user_id: email } };
  const claims = { iss, sub: email, aud: "sigstore", iat, exp: iat + 300, email, email_verified: true };
  return signToken({ ...claims, ...federated }, key);
}

/** A token of the built-in issuer, signed with its key. */
export async function requestIssuerToken(url: string, oidcKey: string, email: string): Promise<string> {
  const jwk = createPublicKey(oidcKey).export({ format: "jwk" });
  const keyId = await calculateJwkThumbprint({ kty: "RSA", n: jwk.n ?? "", e: jwk.e ?? "" }, "sha256");
  return token(`${url}/oidc`, email, { privateKey: createPrivateKey(oidcKey), keyId, jwk: {} });
}

/** Waits until nothing honest is as late as the time from which the thief has the key. Returns that time. */
export async function waitForTheft(): Promise<string> {
  await new Promise((done) => setTimeout(done, 1100));
  const time = `${new Date().toISOString().slice(0, 19)}Z`;
  await new Promise((done) => setTimeout(done, 1100));
  return time;
}

/** A service of the thief at an address of its own. */
export interface Served {
  readonly url: string;
  readonly stop: () => Promise<void>;
}

/** Runs the CA with a key and a chain. Its SCTs come from the deployment's log, or from `log`. */
export function runStolenCa(
  { url, trustedRoot }: Instance,
  material: { readonly CA_CHAIN: string; readonly CA_KEY: string },
  log: Pick<FakeCertificateLog, "appendCertificate"> = openPublicLog(url, material.CA_CHAIN, trustedRoot),
): Promise<Served> {
  const env = makeCaEnv(material, log as FakeCertificateLog, { jwks: async () => jwksOf(GOOGLE_KEY) });
  const ISSUERS = JSON.stringify([{ "issuer-url": VICTIM.issuer, type: "email", jwks: jwksOf(GOOGLE_KEY) }]);
  const ca = createCa(
    { allowLoopbackIssuers: true },
    {
      now,
      randomBytes: (length) => crypto.getRandomValues(new Uint8Array(length)),
      fetch: () => Promise.reject(new TypeError("no network")),
      cache: emptyCache,
      keepAlive: () => {},
    },
  );
  const complete = { ...env, ISSUERS };
  return serve((request) => ca.fetch(request, complete));
}

/** Runs the timestamp authority with a key and a chain. */
export const runStolenTsa = (material: { readonly TSA_CHAIN: string; readonly TSA_KEY: string }): Promise<Served> => {
  const env = { PUBLIC_URL: "https://thief.example", WRITES: { limit: async () => ({ success: true }) }, ...material };
  return serve((request) => tsa.fetch(request, env));
};

/** A certificate log that signs with a stolen key and publishes nothing. */
export const secretLog = (key: string): FakeCertificateLog =>
  new FakeCertificateLog(now, "prime256v1", createPrivateKey(key));

/** The deployment's certificate log, as anybody can submit to it. */
function openPublicLog(
  url: string,
  chain: string,
  { ctlogs }: Instance["trustedRoot"],
): Pick<FakeCertificateLog, "appendCertificate"> {
  const above = valueOf(decodePem(chain)).map(({ der }) => Buffer.from(der).toString("base64"));
  const spki = new Uint8Array(ctlogs[0]?.publicKey?.rawBytes ?? []);
  return {
    appendCertificate: async ({ precertificate }: CertificateSubmission) => {
      const leaf = Buffer.from(precertificate ?? []).toString("base64");
      const response = await fetch(`${url}/ct/ct/v1/add-pre-chain`, {
        method: "POST",
        body: JSON.stringify({ chain: [leaf, ...above] }),
      });
      if (!response.ok) throw new Error(`add-pre-chain answered ${response.status}: ${await response.text()}`);
      const sct = (await response.json()) as Record<"id" | "extensions" | "signature", string> & { timestamp: number };
      const bytes = (base64: string): Uint8Array => new Uint8Array(Buffer.from(base64, "base64"));
      return {
        ok: true,
        value: {
          logId: bytes(sct.id),
          spki,
          timestamp: unixMs(sct.timestamp),
          extensions: bytes(sct.extensions),
          // Without hash, signature algorithm and length (RFC 5246 §4.7).
          signature: bytes(sct.signature).subarray(4),
        },
      };
    },
  };
}

async function serve(answer: (request: Request) => Response | Promise<Response>): Promise<Served> {
  const server: Server = createServer((incoming, outgoing) => {
    const chunks: Buffer[] = [];
    incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
    const respond = async (): Promise<void> => {
      const headers = Object.entries(incoming.headers).map(([name, value]): [string, string] => [name, String(value)]);
      const body = chunks.length === 0 ? null : Buffer.concat(chunks);
      const request = new Request(`https://sigstore.example.com${incoming.url ?? "/"}`, {
        method: incoming.method ?? "GET",
        headers: headers.filter(([name]) => name === "content-type" || name === "authorization"),
        body,
      });
      const response = await answer(request);
      outgoing.writeHead(response.status, Object.fromEntries(response.headers));
      outgoing.end(Buffer.from(await response.arrayBuffer()));
    };
    incoming.on("end", () => void respond());
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return {
    url: `http://127.0.0.1:${address.port}`,
    stop: () => new Promise((done) => server.close(() => done())),
  };
}

/** The instance with another CA, or another timestamp authority. */
export function redirect(instance: Instance, services: { readonly ca?: Served; readonly tsa?: Served }): Instance {
  const json = SigningConfig.toJSON(instance.signingConfig) as Record<"caUrls" | "tsaUrls", { url: string }[]>;
  for (const ca of json.caUrls) ca.url = services.ca?.url ?? ca.url;
  for (const authority of json.tsaUrls)
    authority.url = services.tsa === undefined ? authority.url : `${services.tsa.url}/api/v1/timestamp`;
  return { ...instance, signingConfig: SigningConfig.fromJSON(json) };
}

/** The bundle with the same entry in a log that nobody else sees: a tree of two leaves, signed with a stolen key. */
export function logSecretly(bundle: Bundle, origin: string, logKey: string): Bundle {
  const [entry] = bundle.verificationMaterial.tlogEntries;
  if (entry === undefined) throw new Error("the bundle has no entry");
  const sha256 = (...parts: readonly Uint8Array[]): Buffer => {
    const hash = createHash("sha256");
    for (const part of parts) hash.update(part);
    return hash.digest();
  };
  const sibling = sha256(Buffer.of(0), Buffer.from("anything"));
  const root = sha256(Buffer.of(1), sibling, sha256(Buffer.of(0), entry.canonicalizedBody));
  const text = `${origin}\n2\n${root.toString("base64")}\n`;
  const key = createPrivateKey(logKey);
  const keyId = sha256(createPublicKey(key).export({ type: "spki", format: "der" }));
  const signature = Buffer.concat([keyId.subarray(0, 4), signBytes("sha256", Buffer.from(text), key)]);
  const envelope = `${text}\n— ${origin} ${signature.toString("base64")}\n`;
  const json = bundleToJSON(bundle);
  const [logged] = json.verificationMaterial.tlogEntries;
  if (logged === undefined) throw new Error("the bundle has no entry");
  logged.logIndex = "1";
  logged.logId = { keyId: keyId.toString("base64") };
  logged.inclusionProof = {
    logIndex: "1",
    rootHash: root.toString("base64"),
    treeSize: "2",
    hashes: [sibling.toString("base64")],
    checkpoint: { envelope },
  };
  return bundleFromJSON(json);
}

/** The chain of the root alone, from a chain's PEM. */
export function rootOf(chain: string): string {
  const root = valueOf(decodePem(chain)).at(-1);
  return encodePem("CERTIFICATE", root?.der ?? new Uint8Array());
}
