// SPDX-License-Identifier: Apache-2.0
// Keeps the CA's key in Vault's own Transit engine: it is created there, never leaves, and signs certificates that
// verify.

import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { certifyAuthority } from "../../cli/keys/certificates.ts";
import { ROOT } from "../../cli/root.ts";
import { readInstance, sign as signWithSigstore, verify } from "../../cli/signing/sigstore-js.ts";
import { unixMs } from "../../shared/time.ts";
import { interopTool } from "../../tools/interop-tools.ts";
import { requestCertificate } from "../support/authority/request-certificate.ts";
import { clientKey, readCheckpoint } from "../support/logs/log-client.ts";
import { startStack, type TestStack } from "../support/process/stack.ts";

const TOKEN = "hvs.transit-token";
const EMAIL = "alice@example.com";
const KEY_TYPES = ["ecdsa-p256", "ecdsa-p384"] as const;

let engine: ChildProcess;
let address: string;

beforeAll(async () => {
  engine = spawn(interopTool("vault-transit"), {
    env: { ...process.env, TOKEN },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [port] = (await once(engine.stdout as NodeJS.EventEmitter, "data")) as [Buffer];
  address = `127.0.0.1:${port.toString().trim()}`;
});

afterAll(() => void engine.kill());

async function vault(path: string, body?: object): Promise<Record<string, unknown>> {
  const response = await fetch(`http://${address}/v1/transit/${path}`, {
    headers: { "x-vault-token": TOKEN },
    ...(body === undefined ? {} : { method: "POST", body: JSON.stringify(body) }),
  });
  const { data } = (await response.json()) as { readonly data?: Record<string, unknown> };
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  return data ?? {};
}

async function publicKeyOf(name: string): Promise<string> {
  const { keys } = (await vault(`keys/${name}`)) as { readonly keys: Record<string, { readonly public_key: string }> };
  return keys["1"]?.public_key ?? "";
}

/** Makes a chain over a public key with the commands of docs/identities.md, exactly as printed. */
function chainOver(publicKey: string): string {
  const guide = readFileSync(join(ROOT, "docs", "identities.md"), "utf8");
  const commands =
    [...guide.matchAll(/^```sh\n(.*?)^```$/gms)].find(([block]) => block.includes("-force_pubkey"))?.[1] ?? "false";
  const folder = mkdtempSync(join(tmpdir(), "sigedge-ca-"));
  try {
    const key = generateKeyPairSync("ec", { namedCurve: "secp384r1" }).privateKey;
    const made = certifyAuthority({ root: key, online: key }, { hostname: "ca.example", now: unixMs(Date.now()) });
    writeFileSync(join(folder, "ca-root.key.pem"), key.export({ type: "pkcs8", format: "pem" }));
    writeFileSync(join(folder, "ca-root.pem"), made.split(/(?<=-----END CERTIFICATE-----\n)/)[1] ?? "");
    writeFileSync(join(folder, "ca-public.pem"), publicKey);
    execFileSync("bash", ["-euc", commands], { cwd: folder, stdio: "pipe" });
    return readFileSync(join(folder, "chain.pem"), "utf8");
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function startStackOver(name: string, { token = TOKEN, version = "" } = {}): Promise<TestStack> {
  const CA_CHAIN = chainOver(await publicKeyOf(name));
  const CA_KEY = `http://${token}@${address}/v1/transit/sign/${name}${version}`;
  // The trust repository in the state folder was signed over the stack's own CA.
  const stack = await startStack({ vars: { CA_CHAIN, CA_KEY, TUF_KEY: "", TRUST_FILE: "" } });
  onTestFinished(() => stack.stop());
  return stack;
}

const statusOf = async (stack: TestStack): Promise<number> =>
  (await requestCertificate(stack, { email: EMAIL, key: clientKey() })).status;

const logSize = async (stack: TestStack): Promise<number> => {
  // A checkpoint is cached for a second.
  await sleep(1100);
  return (await readCheckpoint(`${stack.url}/ct`)).treeSize;
};

describe.each(KEY_TYPES)("a key of type %s", (type) => {
  it("signs certificates that verify completely, until the key is rotated", async () => {
    await vault(`keys/${type}`, { type });
    const stack = await startStackOver(type);
    const instance = await readInstance(stack.url);
    const data = Buffer.from("an artifact\n");
    const identityToken = await stack.token(EMAIL);
    const bundle = await signWithSigstore(instance, { identityToken, data, attestationType: null });
    expect(verify(instance, bundle, { identity: EMAIL, issuer: `${stack.url}/oidc`, data })).toBe(EMAIL);
    const size = await logSize(stack);
    await vault(`keys/${type}/rotate`, {});
    // The engine signs with its newest version, which is not the CA's: nothing reaches the log.
    expect(await statusOf(stack)).toBe(503);
    expect(await logSize(stack)).toBe(size);
  });
});

it("a key named with its version keeps signing after a rotation in the engine", async () => {
  await vault("keys/versioned", { type: "ecdsa-p256" });
  const stack = await startStackOver("versioned", { version: "?key_version=1" });
  await vault("keys/versioned/rotate", {});
  expect(await statusOf(stack)).toBe(200);
});

it("a wrong token cannot sign, and no log line shows either token", async () => {
  await vault("keys/guarded", { type: "ecdsa-p256" });
  const stack = await startStackOver("guarded", { token: "hvs.another-token" });
  expect(await statusOf(stack)).toBe(503);
  const lines = stack.logs.map(({ message }) => message).join("\n");
  expect(lines).toContain("the signer answered with status 403");
  for (const token of [TOKEN, "hvs.another-token"]) expect(lines).not.toContain(token);
});
