// SPDX-License-Identifier: Apache-2.0
// No line of the Worker's log holds a secret: neither one that a request carried, wherever it stood, nor a setting.

import { generateKeyPairSync, sign } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { isSecret } from "../../workers/declarations.ts";
import { SERVICE_ROUTES } from "../../workers/front/routes.ts";
import { signToken } from "../support/authority/identity-token.ts";
import { startStack, type TestStack } from "../support/process/stack.ts";

/** Looks like what secrets look like, so that a filter by form would not hide it. */
const CANARY = "eyJjYW5hcnkiOiJhIHNlY3JldCB0aGF0IG5vYm9keSBtYXkgc2VlIn0";
const VAULT_TOKEN = "s.CanaryOfTheVault";
const KEY = { privateKey: generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey, keyId: "x", jwk: {} };

let stack: TestStack;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack.stop());

const lines = (): string => stack.logs.map(({ message }) => message).join("\n");

/** The bodies of the secrets, without the frames that every PEM text shares. */
const secrets = (): readonly string[] =>
  Object.entries(stack.vars)
    .filter(([name]) => isSecret(name))
    .flatMap(([, value]) => value.split("\n").filter((line) => line.length > 30 && !line.startsWith("-----")));

const token = (claims: object): string => signToken({ ...claims, sub: CANARY, jti: CANARY }, KEY, { alg: "ES256" });

/** Bodies that reach different depths of the services before something is wrong with them. */
const bodies = (): readonly string[] => [
  CANARY,
  JSON.stringify({ [CANARY]: CANARY }),
  ...["https://unknown.example", `${stack.url}/oidc`, "https://token.actions.githubusercontent.com"].map((iss) =>
    JSON.stringify({
      credentials: { oidcIdentityToken: token({ iss, aud: "sigstore", exp: Date.now() / 1000 + 60 }) },
      publicKeyRequest: { publicKey: { content: CANARY }, proofOfPossession: CANARY },
    }),
  ),
  JSON.stringify({ hashedRekordRequestV002: { digest: CANARY, signature: { content: CANARY } } }),
];

it.each(SERVICE_ROUTES.map(({ path }) => path))("nothing that a request to %s carries", async (path) => {
  for (const method of ["GET", "POST"]) {
    for (const body of method === "POST" ? bodies() : [null]) {
      const response = await fetch(`${stack.url}${path.replace("*", CANARY.slice(0, 8))}?token=${CANARY}`, {
        method,
        body,
        headers: { authorization: `Bearer ${CANARY}`, cookie: `session=${CANARY}`, "content-type": "application/json" },
      });
      await response.arrayBuffer();
    }
  }
  await sleep(20);
  expect(lines()).not.toContain(CANARY);
});

it("no setting that is secret, even when the holder of the CA's key fails", async () => {
  expect(secrets().length).toBeGreaterThan(6);
  const unreachable = `http://${VAULT_TOKEN}@127.0.0.1:9/v1/transit/sign/ca`;
  await stack.restart({ CA_KEY: unreachable });
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const response = await fetch(`${stack.url}/api/v2/signingCert`, {
    method: "POST",
    body: JSON.stringify({
      credentials: { oidcIdentityToken: await stack.token("alice@example.com") },
      publicKeyRequest: {
        publicKey: { content: publicKey.export({ type: "spki", format: "pem" }) },
        proofOfPossession: sign("sha256", Buffer.from("alice@example.com"), privateKey).toString("base64"),
      },
    }),
  });
  expect(response.status).toBe(503);
  await expect.poll(lines).toContain("the signer's response could not be fetched");
  for (const secret of [VAULT_TOKEN, CANARY, ...secrets()]) expect(lines()).not.toContain(secret);
});
