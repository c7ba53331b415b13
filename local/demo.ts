// SPDX-License-Identifier: Apache-2.0
// `npm run demo`: the whole story in one run, in plain words. Starts a stack of its own, signs with Sigstore's own JavaScript
// client, verifies, shows what is refused, finds the signature again. Exits 1 with the step that failed.

import { createHash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Bundle, bundleFromJSON, bundleToJSON } from "@sigstore/bundle";
import { freePort, localUrl } from "../cli/address.ts";
import { type Hit, waitForHit } from "../cli/signing/search.ts";
import { type Instance, logIndexOf, readInstanceOverTuf, refusalOf, sign, verify } from "../cli/signing/sigstore-js.ts";
import { duration, say, styled } from "../cli/terminal.ts";
import { identityToken } from "./dev-issuer.ts";
import { localSettings } from "./settings.ts";
import { runStack, type Stack, type WorkerLog } from "./stack.ts";

const ALICE = "alice@example.com";
const BOB = "bob@example.com";
const RELEASE = Buffer.from("The program that Alice releases today.\n");
const CHANGED = Buffer.from("The program that Mallory would rather have you run.\n");

const workerLogs: WorkerLog[] = [];
let state: string | null = null;
let stack: Stack | null = null;
let steps = 0;

/** Runs one step and tells how it went; the first that throws ends the demo. */
async function step<T>(title: string, run: () => Promise<T> | T, tell: (value: T) => readonly string[]): Promise<T> {
  steps++;
  const started = performance.now();
  const number = String(steps).padStart(2);
  try {
    const value = await run();
    const took = styled("dim", duration(performance.now() - started).padStart(7));
    say(`${styled("green", "✓")} ${number}  ${title.padEnd(66)} ${took}`);
    for (const line of tell(value)) say(`      ${styled("dim", line)}`);
    return value;
  } catch (error) {
    say(`${styled("red", "✗")} ${number}  ${title}`);
    throw new Error(`step ${steps} failed (${title}): ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
}

async function startStack(): Promise<string> {
  state = mkdtempSync(join(tmpdir(), "sigedge-demo-"));
  const port = await freePort(0);
  if (!port.ok) throw new Error(port.error);
  const settings = localSettings({ port: port.value, state, accept: null });
  if (!settings.ok) throw new Error(settings.error);
  stack = await runStack({
    port: port.value,
    state,
    settings: settings.value,
    log: (line) => workerLogs.push(line),
    handlesSignals: true,
  });
  return localUrl(port.value);
}

/** The bundle with another digest in its log entry, as a log that rewrites history would show it. */
function withChangedEntry(bundle: Bundle): Bundle {
  const json = structuredClone(bundleToJSON(bundle));
  const [entry] = json.verificationMaterial.tlogEntries;
  if (entry?.canonicalizedBody === undefined) throw new Error("the bundle has no log entry");
  const body = Buffer.from(entry.canonicalizedBody, "base64").toString();
  const changed = body.replace(digestOf(RELEASE, "base64"), digestOf(CHANGED, "base64"));
  if (changed === body) throw new Error("the log entry does not hold the digest of the file");
  entry.canonicalizedBody = Buffer.from(changed).toString("base64");
  return bundleFromJSON(json);
}

const digestOf = (data: Buffer, encoding: "hex" | "base64"): string =>
  createHash("sha256").update(data).digest(encoding);

const tellHits = (hits: readonly Hit[]): readonly string[] =>
  hits.map(({ log, index, identity, time }) => `${log} log, entry ${index}: ${identity}, ${time}`);

async function signing(url: string): Promise<{ readonly instance: Instance; readonly bundle: Bundle }> {
  const instance = await step(
    "fetched the trusted root and the signing config with @sigstore/tuf",
    () => readInstanceOverTuf(url, mkdtempSync(join(state ?? tmpdir(), "tuf-client-"))),
    () => ["all that a Sigstore client needs to know of this service, signed by its offline keys"],
  );
  const token = await step(
    "asked the OpenID provider for a token",
    () => identityToken(url, { email: ALICE }),
    () => [`it says: this is ${ALICE} (the development issuer believes everybody)`],
  );
  const bundle = await step(
    "signed a file with @sigstore/sign",
    () => sign(instance, { identityToken: token, data: RELEASE, attestationType: null }),
    (signed) => [
      "a new key pair, a ten-minute certificate for it, a signature, a timestamp,",
      `entry ${logIndexOf(signed)} in the signature log; the private key is gone already`,
    ],
  );
  return { instance, bundle };
}

async function verifying(instance: Instance, bundle: Bundle): Promise<void> {
  const expected = { identity: ALICE, issuer: `${instance.url}/oidc`, data: RELEASE };
  await step(
    "verified it with @sigstore/verify",
    () => verify(instance, bundle, expected),
    (identity) => [`signed by ${identity}, as ${expected.issuer} says; in both logs; in time`],
  );
  await step(
    "a changed file is refused",
    () => refusalOf(() => verify(instance, bundle, { ...expected, data: CHANGED })),
    (refusal) => [refusal],
  );
  await step(
    `the wrong person is refused: was it ${BOB}?`,
    () => refusalOf(() => verify(instance, bundle, { ...expected, identity: BOB })),
    (refusal) => [refusal],
  );
  await step(
    "a changed log entry is refused",
    () => refusalOf(() => verify(instance, withChangedEntry(bundle), expected)),
    (refusal) => [refusal],
  );
}

async function finding(url: string, bundle: Bundle): Promise<void> {
  const logIndex = logIndexOf(bundle);
  const byDigest = `digest=sha256:${digestOf(RELEASE, "hex")}`;
  await step("who signed this file? Found by its digest", () => waitForHit(url, byDigest, logIndex), tellHits);
  await step("what did Alice sign? Found by her address", () => waitForHit(url, `email=${ALICE}`, logIndex), tellHits);
}

async function demo(): Promise<void> {
  say(styled("bold", "Sigedge: sign a file without keeping a key, and let everybody check who did"));
  say();
  const url = await step("started the whole service on this machine", startStack, (at) => [
    `${at}: certificate authority, two logs, timestamps, search; new keys, empty logs`,
  ]);
  const { instance, bundle } = await signing(url);
  await verifying(instance, bundle);
  await finding(url, bundle);
}

async function cleanUp(): Promise<void> {
  await stack?.stop();
  if (state !== null) rmSync(state, { recursive: true, force: true });
}

for (const signal of ["SIGINT", "SIGTERM"] as const)
  process.once(signal, () => void cleanUp().then(() => process.exit(130)));

try {
  await demo();
  await cleanUp();
  say();
  say(
    `Everything held, in ${duration(performance.now())}. ${styled("cyan", "npm start")} runs the service for you to try.`,
  );
} catch (error) {
  await cleanUp();
  say();
  process.stderr.write(`sigedge demo: ${error instanceof Error ? error.message : String(error)}\n`);
  for (const { message } of workerLogs) process.stderr.write(`  ${message}\n`);
  process.exitCode = 1;
}
