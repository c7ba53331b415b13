// SPDX-License-Identifier: Apache-2.0
// Signatures that a thief made with a stolen key, for cosign and sigstore-python, before and after the rotation. Where
// a client compares no time with the range of a key, the table says so: there, the logs stop the thief once the
// rotation is deployed (test/interop/stolen-keys-sigstore-js.test.ts).

import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { type Bundle, bundleToJSON } from "@sigstore/bundle";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { type Instance, readJson, sign } from "../../cli/signing/sigstore-js.ts";
import { requestToken } from "../../local/dev-issuer.ts";
import { interopFolder, interopPath } from "../../tools/interop-tools.ts";
import { muteConsole } from "../support/authority/ca-service.ts";
import {
  logSecretly,
  redirect,
  runStolenCa,
  runStolenTsa,
  type Served,
  secretLog,
  VICTIM,
  victimToken,
  waitForTheft,
} from "../support/authority/thief.ts";
import { type DeployedFolder, deployFolder } from "../support/trust/deployed-folder.ts";

vi.setConfig({ testTimeout: 600_000, hookTimeout: 120_000 });
muteConsole();

const ALICE = "alice@example.com";
const DATA = Buffer.from("an artifact");
const CLIENTS = ["cosign", "sigstore-python"] as const;
type Client = (typeof CLIENTS)[number];

let work: string;
let folder: DeployedFolder;
let client: Instance;
let honest: Bundle;
const served: Served[] = [];

beforeAll(async () => {
  work = mkdtempSync(join(tmpdir(), "sigedge-thief-"));
  mkdirSync(join(work, "home"));
  writeFileSync(join(work, "artifact"), DATA);
  folder = await deployFolder({ ACCEPT: "open" });
  await fetchAnew();
  honest = await signHonestly(client);
});
afterAll(async () => {
  for (const { stop } of served) await stop();
  await folder.stop();
  rmSync(work, { recursive: true, force: true });
});

/** Fetches everything that clients trust. */
async function fetchAnew(): Promise<void> {
  client = await folder.client();
  for (const name of ["trusted_root.json", "client_trust_config.json"])
    writeFileSync(join(work, name), JSON.stringify(await readJson(`${folder.url}/${name}`)));
}

const signHonestly = async (instance: Instance): Promise<Bundle> =>
  sign(instance, {
    identityToken: await requestToken(folder.url, { email: ALICE }),
    data: DATA,
    attestationType: null,
  });

interface Signer {
  readonly identity: string;
  readonly issuer: string;
}
const alice = (): Signer => ({ identity: ALICE, issuer: `${folder.url}/oidc` });

function argumentsOf(name: Client, { identity, issuer }: Signer): readonly string[] {
  if (name === "cosign")
    return `cosign verify-blob --trusted-root trusted_root.json --bundle bundle.json --certificate-identity ${identity} --certificate-oidc-issuer ${issuer} artifact`.split(
      " ",
    );
  return `sigstore --trust-config client_trust_config.json verify identity --bundle bundle.json --cert-identity ${identity} --cert-oidc-issuer ${issuer} artifact`.split(
    " ",
  );
}

/** Whether the unmodified client accepts the bundle. */
async function accepts(name: Client, bundle: Bundle, signer: Signer): Promise<boolean> {
  writeFileSync(join(work, "bundle.json"), JSON.stringify(bundleToJSON(bundle)));
  const [program = "", ...rest] = argumentsOf(name, signer);
  const env = {
    PATH: [...interopPath(name), dirname(process.execPath), process.env["PATH"] ?? ""].join(delimiter),
    HOME: join(work, "home"),
    ...(name === "sigstore-python" ? { PYTHONPATH: interopFolder(name), COLUMNS: "400" } : {}),
  };
  return new Promise((done, failed) => {
    execFile(program, rest, { cwd: work, env, timeout: 120_000 }, (error, stdout, stderr) => {
      if (error === null) done(true);
      else if (typeof error.code === "number") done(false);
      else failed(new Error(`${program}: ${error.message}\n${stdout}${stderr}`));
    });
  });
}

async function verdicts(bundle: Bundle, signer: Signer): Promise<Readonly<Record<Client, boolean>>> {
  const [cosign, python] = [await accepts("cosign", bundle, signer), await accepts("sigstore-python", bundle, signer)];
  return { cosign, "sigstore-python": python };
}
const BOTH = { cosign: true, "sigstore-python": true };
const NEITHER = { cosign: false, "sigstore-python": false };

async function takeOut(what: string, ...args: readonly string[]): Promise<void> {
  await folder.rotate(what, "--compromised", ...args);
  await fetchAnew();
}

async function keep(service: Promise<Served>): Promise<Served> {
  const started = await service;
  served.push(started);
  return started;
}

const signAsVictim = (ca: Served): Promise<Bundle> =>
  sign(redirect(client, { ca }), { identityToken: victimToken(), data: DATA, attestationType: null });
const nextUrl = (): string => folder.url.replace("localhost", "127.0.0.2").replace("127.0.0.1", "127.0.0.2");
const caMaterial = (): { readonly CA_KEY: string; readonly CA_CHAIN: string } => ({
  CA_KEY: folder.read("keys", "ca.key.pem"),
  CA_CHAIN: folder.read("keys", "ca-chain.pem"),
});

it("the key of the timestamp authority", async () => {
  const since = await waitForTheft();
  const material = { TSA_KEY: folder.read("keys", "tsa.key.pem"), TSA_CHAIN: folder.read("keys", "tsa-chain.pem") };
  const stamped = await signHonestly(redirect(client, { tsa: await keep(runStolenTsa(material)) }));
  expect(await verdicts(stamped, alice())).toEqual(BOTH);
  await takeOut("tsa", "--since", since);
  expect(await verdicts(stamped, alice())).toEqual(NEITHER);
  expect(await verdicts(honest, alice())).toEqual(BOTH);
});

it("the key of the CA", async () => {
  const since = await waitForTheft();
  const ca = await keep(runStolenCa(client, caMaterial()));
  const forged = await signAsVictim(ca);
  expect(await verdicts(forged, VICTIM)).toEqual(BOTH);
  await takeOut("ca", "--since", since);
  // sigstore-python 4.5 compares no timestamp with the range of a CA. What the thief had logged before the deployment
  // verifies there until the key is removed; nothing can be added.
  expect(await verdicts(forged, VICTIM)).toEqual({ cosign: false, "sigstore-python": true });
  await expect(signAsVictim(ca)).rejects.toThrow();
  expect(await verdicts(honest, alice())).toEqual(BOTH);
  expect(await verdicts(await signHonestly(client), alice())).toEqual(BOTH);
});

it("the key of the CA, of which nothing is to be trusted", async () => {
  const forged = await signAsVictim(await keep(runStolenCa(client, caMaterial())));
  expect(await verdicts(forged, VICTIM)).toEqual(BOTH);
  await takeOut("ca", "--since", "2020-01-01", "--again");
  expect(await verdicts(forged, VICTIM)).toEqual(NEITHER);
  expect(await verdicts(honest, alice())).toEqual(BOTH);
});

it("the key of the certificate log, together with that of the CA", async () => {
  const since = await waitForTheft();
  const log = secretLog(folder.read("keys", "certificate-log.key.pem"));
  const forged = await signAsVictim(await keep(runStolenCa(client, caMaterial(), log)));
  expect(await verdicts(forged, VICTIM)).toEqual(BOTH);
  await takeOut("certificate-log", "--since", since, "--url", nextUrl());
  // sigstore-python 4.5 compares no SCT with the range of its log.
  expect(await verdicts(forged, VICTIM)).toEqual({ cosign: false, "sigstore-python": true });
  expect(await verdicts(honest, alice())).toEqual(BOTH);
});

it("the key of the signature log, of which nothing is to be trusted", async () => {
  const origin = new URL(folder.url).hostname;
  const forged = logSecretly(honest, origin, folder.read("keys", "signature-log.key.pem"));
  expect(await verdicts(forged, alice())).toEqual(BOTH);
  await takeOut("signature-log", "--since", "2020-01-01", "--url", nextUrl());
  expect(await verdicts(forged, alice())).toEqual(NEITHER);
  expect(await verdicts(await signHonestly(client), alice())).toEqual(BOTH);
});
