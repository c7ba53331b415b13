// SPDX-License-Identifier: Apache-2.0
// Requests a certificate from a stack's CA with a token of the development issuer.

import { sign } from "node:crypto";
import type { ClientKey } from "../logs/log-client.ts";
import type { TestStack } from "../process/stack.ts";

/** The person who requests a certificate, and the key that it is for. */
export interface CertificateRequest {
  readonly email: string;
  readonly key: Pick<ClientKey, "privateKey" | "spki">;
  /** The client address for the rate limits. */
  readonly client?: string;
}

/** Sends the request and returns the response. */
export async function requestCertificate(
  stack: Pick<TestStack, "url" | "token">,
  { email, key, client }: CertificateRequest,
): Promise<Response> {
  const content = `-----BEGIN PUBLIC KEY-----\n${key.spki.toString("base64")}\n-----END PUBLIC KEY-----\n`;
  const proofOfPossession = sign("sha256", Buffer.from(email), key.privateKey).toString("base64");
  return fetch(`${stack.url}/api/v2/signingCert`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      ...(client === undefined ? {} : { "cf-connecting-ip": client }),
    },
    body: JSON.stringify({
      credentials: { oidcIdentityToken: await stack.token(email) },
      publicKeyRequest: { publicKey: { algorithm: "ECDSA", content }, proofOfPossession },
    }),
  });
}

/** Requests a certificate and returns the leaf, DER. Throws if the CA rejects the request. */
export async function requestCertificateFor(
  stack: Pick<TestStack, "url" | "token">,
  request: CertificateRequest,
): Promise<Uint8Array> {
  const response = await requestCertificate(stack, request);
  if (!response.ok) throw new Error(`no certificate: ${response.status} ${await response.text()}`);
  const answer = (await response.json()) as {
    readonly signedCertificateEmbeddedSct: { readonly chain: { readonly certificates: readonly string[] } };
  };
  const [leaf = ""] = answer.signedCertificateEmbeddedSct.chain.certificates;
  return Buffer.from(leaf.replace(/-----[A-Z ]+-----|\s/g, ""), "base64");
}
