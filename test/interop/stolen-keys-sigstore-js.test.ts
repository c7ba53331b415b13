// SPDX-License-Identifier: Apache-2.0
// A thief with one private key of a deployment after another: what the thief can do before the rotation, and that
// nothing of it works afterwards, against the services and for unmodified @sigstore/verify. What was signed before
// verifies on.

import { createPrivateKey } from "node:crypto";
import type { Bundle } from "@sigstore/bundle";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Instance, refusalOf, sign, verify } from "../../cli/signing/sigstore-js.ts";
import { requestToken } from "../../local/dev-issuer.ts";
import { muteConsole } from "../support/authority/ca-service.ts";
import {
  logSecretly,
  redirect,
  requestIssuerToken,
  rootOf,
  runStolenCa,
  runStolenTsa,
  type Served,
  secretLog,
  VICTIM,
  victimToken,
  waitForTheft,
} from "../support/authority/thief.ts";
import { type DeployedFolder, deployFolder } from "../support/trust/deployed-folder.ts";
import { PASSPHRASE } from "../support/trust/rotating-deployment.ts";

// The thief runs the services in this process.
muteConsole();

const ALICE = "alice@example.com";
const DATA = Buffer.from("an artifact");

let folder: DeployedFolder;
let client: Instance;
const served: Served[] = [];
const honest: { readonly when: string; readonly bundle: Bundle }[] = [];

beforeAll(async () => {
  // The most that an operator can allow: even then, the log takes nothing of a retired CA.
  folder = await deployFolder({ ACCEPT: "open" });
  client = await folder.client();
  await signHonestly("before any theft");
});
afterAll(async () => {
  for (const { stop } of served) await stop();
  await folder.stop();
});

async function signHonestly(when: string): Promise<void> {
  const token = await requestToken(folder.url, { email: ALICE });
  honest.push({ when, bundle: await sign(client, { identityToken: token, data: DATA, attestationType: null }) });
}

const asAlice = (bundle: Bundle): string =>
  verify(client, bundle, { identity: ALICE, issuer: `${folder.url}/oidc`, data: DATA });
const asVictim = (bundle: Bundle): string => verify(client, bundle, { ...VICTIM, data: DATA });

/** Everything that was signed honestly verifies with what a client fetches now. */
const expectHistory = (): void =>
  expect(honest.map(({ when, bundle }) => [when, asAlice(bundle)])).toEqual(honest.map(({ when }) => [when, ALICE]));

/** Rotates, deploys, fetches anew, and signs once more. */
async function takeOut(what: string, ...args: readonly string[]): Promise<void> {
  await folder.rotate(what, "--compromised", ...args);
  client = await folder.client();
  await signHonestly(`after ${what}`);
  expectHistory();
}

async function keep(service: Promise<Served>): Promise<Served> {
  const started = await service;
  served.push(started);
  return started;
}

const signAsVictim = (ca: Served): Promise<Bundle> =>
  sign(redirect(client, { ca }), { identityToken: victimToken(), data: DATA, attestationType: null });

/** The request that logged a bundle. */
function entryOf(bundle: Bundle): string {
  const [entry] = bundle.verificationMaterial.tlogEntries;
  const body = JSON.parse(entry?.canonicalizedBody.toString() ?? "") as {
    spec: { hashedRekordV002: { data: { digest: string }; signature: object } };
  };
  const { data, signature } = body.spec.hashedRekordV002;
  return JSON.stringify({ hashedRekordRequestV002: { digest: data.digest, signature } });
}

it.each(["ca", "ca-root"])("the key of the CA: %s", async (what) => {
  const chain = folder.read("keys", "ca-chain.pem");
  const key =
    what === "ca"
      ? folder.read("keys", "ca.key.pem")
      : createPrivateKey({ key: folder.read("offline", "ca-root.key.pem"), passphrase: PASSPHRASE })
          .export({ type: "pkcs8", format: "pem" })
          .toString();
  const material = { CA_KEY: key, CA_CHAIN: what === "ca" ? chain : rootOf(chain) };
  const since = await waitForTheft();
  const ca = await keep(runStolenCa(client, material));
  const forged = await signAsVictim(ca);
  expect(asVictim(forged)).toBe(VICTIM.identity);

  await takeOut(what, "--since", since);
  expect(refusalOf(() => asVictim(forged))).toContain("CERTIFICATE_ERROR");
  await expect(signAsVictim(ca)).rejects.toThrow();
  const again = await fetch(`${folder.url}/api/v2/log/entries`, { method: "POST", body: entryOf(forged) });
  expect([again.status, await again.text()]).toEqual([400, expect.stringContaining(`was retired at ${since}`)]);
});

it("the key of the timestamp authority", async () => {
  const material = { TSA_KEY: folder.read("keys", "tsa.key.pem"), TSA_CHAIN: folder.read("keys", "tsa-chain.pem") };
  const since = await waitForTheft();
  const tsa = await keep(runStolenTsa(material));
  const token = await requestToken(folder.url, { email: ALICE });
  const stamped = await sign(redirect(client, { tsa }), {
    identityToken: token,
    data: DATA,
    attestationType: null,
  });
  expect(asAlice(stamped)).toBe(ALICE);
  await takeOut("tsa", "--since", since);
  expect(refusalOf(() => asAlice(stamped))).toContain("TIMESTAMP_ERROR");
});

it("the key of the built-in issuer", async () => {
  const key = folder.read("keys", "oidc.key.pem");
  const forged = async (): Promise<Bundle> =>
    sign(client, {
      identityToken: await requestIssuerToken(folder.url, key, ALICE),
      data: DATA,
      attestationType: null,
    });
  expect(asAlice(await forged())).toBe(ALICE);
  await takeOut("oidc");
  await expect(forged()).rejects.toThrow();
  const { keys } = (await (await fetch(`${folder.url}/oidc/jwks`)).json()) as { readonly keys: readonly unknown[] };
  expect(keys).toHaveLength(1);
});

const nextUrl = (): string => folder.url.replace("localhost", "127.0.0.2").replace("127.0.0.1", "127.0.0.2");

it("the key of the certificate log, together with that of the CA", async () => {
  const material = { CA_KEY: folder.read("keys", "ca.key.pem"), CA_CHAIN: folder.read("keys", "ca-chain.pem") };
  const since = await waitForTheft();
  const ca = await keep(runStolenCa(client, material, secretLog(folder.read("keys", "certificate-log.key.pem"))));
  const forged = await signAsVictim(ca);
  expect(asVictim(forged)).toBe(VICTIM.identity);
  await takeOut("certificate-log", "--since", since, "--url", nextUrl());
  expect(refusalOf(() => asVictim(forged))).toContain("SCT verification failed");
});

it("the key of the signature log, which is trusted for nothing if it was never safe", async () => {
  const { hostname } = new URL(folder.url);
  const [first] = honest;
  if (first === undefined) throw new Error("nothing was signed");
  const forged = logSecretly(first.bundle, hostname, folder.read("keys", "signature-log.key.pem"));
  expect(asAlice(forged)).toBe(ALICE);
  honest.length = 0;
  await takeOut("signature-log", "--since", "2020-01-01", "--url", nextUrl());
  expect(refusalOf(() => asAlice(forged))).toContain("TLOG");
  expect(refusalOf(() => asAlice(first.bundle))).toContain("TLOG");
});
