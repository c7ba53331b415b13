// SPDX-License-Identifier: Apache-2.0
// The CA's key in another process, which speaks as Vault's Transit engine does: certificates come, and none come
// without it.

import { type ChildProcess, spawn } from "node:child_process";
import { generateKeyPairSync, sign } from "node:crypto";
import { once } from "node:events";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { ROOT } from "../../cli/root.ts";
import { readInstance, sign as signWithSigstore, verify } from "../../cli/signing/sigstore-js.ts";
import { unixMs } from "../../shared/time.ts";
import { makeCaMaterial } from "../support/authority/ca.ts";
import { startStack, type TestStack } from "../support/process/stack.ts";

const EMAIL = "alice@example.com";
const TOKEN = "s.transit-token";
const MATERIAL = makeCaMaterial(unixMs(Date.now()), "secp384r1");

let signer: ChildProcess;
let stack: TestStack;

beforeAll(async () => {
  signer = spawn(process.execPath, [join(ROOT, "test", "support", "authority", "transit.ts")], {
    env: { ...process.env, CA_KEY: MATERIAL.CA_KEY, TOKEN },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [port] = (await once(signer.stdout as NodeJS.EventEmitter, "data")) as [Buffer];
  const CA_KEY = `http://${TOKEN}@127.0.0.1:${port.toString().trim()}/v1/transit/sign/sigedge-ca`;
  // The trust repository in the state folder was signed over the CA that was created there.
  const vars = { CA_CHAIN: MATERIAL.CA_CHAIN, CA_KEY, TUF_KEY: "", TRUST_FILE: "" };
  stack = await startStack({ vars });
});

afterAll(async () => {
  signer.kill();
  await stack.stop();
});

it("a remote signer signs certificates that verify completely", async () => {
  const instance = await readInstance(stack.url);
  const data = Buffer.from("an artifact\n");
  const identityToken = await stack.token(EMAIL);
  const bundle = await signWithSigstore(instance, { identityToken, data, attestationType: null });
  expect(verify(instance, bundle, { identity: EMAIL, issuer: `${stack.url}/oidc`, data })).toBe(EMAIL);
});

it("an unreachable remote signer yields 503 and does not reveal its token", async () => {
  signer.kill();
  await once(signer, "exit");
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
  const response = await fetch(`${stack.url}/api/v2/signingCert`, {
    method: "POST",
    headers: { "x-request-id": "no-signer" },
    body: JSON.stringify({
      credentials: { oidcIdentityToken: await stack.token(EMAIL) },
      publicKeyRequest: {
        publicKey: { content: publicKey.export({ type: "spki", format: "pem" }) },
        proofOfPossession: sign("sha256", Buffer.from(EMAIL), privateKey).toString("base64"),
      },
    }),
  });
  expect([response.status, response.headers.get("retry-after"), await response.json()]).toEqual([
    503,
    "1",
    { code: 14, message: "error communicating with CA backend: its log has request no-signer", details: [] },
  ]);
  expect(stack.logs.map(({ message }) => message).join("\n")).not.toContain(TOKEN);
});
