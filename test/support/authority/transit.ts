// SPDX-License-Identifier: Apache-2.0
// A signer that answers like the Transit engine of Vault, with a key that never leaves its process. Started with
// CA_KEY (PEM) and TOKEN in its environment, it prints its port and signs until it is killed.
// Spec: https://developer.hashicorp.com/vault/api-docs/secret/transit#sign-data

import { createPrivateKey } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { p256, p384 } from "@noble/curves/nist.js";

const CURVES = { prime256v1: p256, secp384r1: p384 } as const;
const PATHS: Readonly<Record<string, string>> = {
  "/v1/transit/sign/sigedge-ca/sha2-256": "prime256v1",
  "/v1/transit/sign/sigedge-ca/sha2-384": "secp384r1",
};

const key = createPrivateKey(process.env["CA_KEY"] ?? "");
const curveName = key.asymmetricKeyDetails?.namedCurve as keyof typeof CURVES;
const secret = Buffer.from(key.export({ format: "jwk" }).d ?? "", "base64url");

/** Signs a digest; DER. node:crypto signs messages only. */
function signDigest(digest: Buffer): string {
  const signature = CURVES[curveName].sign(digest, secret, { prehash: false, lowS: false, format: "der" });
  return `vault:v1:${Buffer.from(signature).toString("base64")}`;
}

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    const answer = (status: number, body: object): void => {
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    };
    if (request.headers["x-vault-token"] !== process.env["TOKEN"])
      return answer(403, { errors: ["permission denied"] });
    if (request.method !== "POST" || PATHS[request.url ?? ""] !== curveName) return answer(404, { errors: [] });
    const {
      input,
      prehashed,
      marshaling_algorithm: form,
    } = JSON.parse(Buffer.concat(chunks).toString()) as Record<string, unknown>;
    if (typeof input !== "string" || prehashed !== true || form !== "asn1")
      return answer(400, { errors: ["bad request"] });
    return answer(200, {
      request_id: "1",
      data: { key_version: 1, signature: signDigest(Buffer.from(input, "base64")) },
    });
  });
});
server.listen(0, "127.0.0.1", () => process.stdout.write(`${(server.address() as AddressInfo).port}\n`));
