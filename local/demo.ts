// SPDX-License-Identifier: Apache-2.0
// `sigedge demo`, or `npm run demo`: the whole story in one run. Starts a stack of its own, signs with Sigstore's own
// JavaScript client, verifies, shows forgeries that the client rejects, finds the signature again, and is warned when
// somebody else signs in the same name.

import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Bundle, bundleFromJSON, bundleToJSON } from "@sigstore/bundle";
import { findFreePort, localUrl } from "../cli/address.ts";
import { defineCommand, refusePositionals } from "../cli/command.ts";
import type { Options as MonitorOptions } from "../cli/monitor/options.ts";
import { runMonitor } from "../cli/monitor/run.ts";
import { type Hit, waitForHit } from "../cli/signing/search.ts";
import { type Instance, logIndexOf, readInstanceOverTuf, refusalOf, sign, verify } from "../cli/signing/sigstore-js.ts";
import { duration, paint, say } from "../cli/terminal.ts";
import { ownIssuerOf } from "../shared/oidc/own-issuer.ts";
import { err, ok, type Result } from "../shared/result.ts";
import { requestToken } from "./dev-issuer.ts";
import { openLocalSettings } from "./settings.ts";
import type { Stack, WorkerLog } from "./stack.ts";

const ALICE = "alice@example.com";
const BOB = "bob@example.com";
const RELEASE = Buffer.from("The program that Alice releases today.\n");
const CHANGED = Buffer.from("The program that Mallory would rather have you run.\n");

/** A log serves a head for a second before it reads the next one. */
const HEAD_KEPT_MS = 1200;

/** One pass over all logs, of which the first begins at their ends. */
const PASS: Omit<MonitorOptions, "url" | "config" | "stateFile"> = {
  keys: { kind: "deployment", root: null },
  only: [],
  forgotten: [],
  witnesses: null,
  first: "now",
  intervalMs: null,
  metricsPort: null,
  crossChecked: "watched",
  isLint: false,
};

export const DEMO = defineCommand({
  name: "demo",
  summary: "sign, verify and search on a stack of its own, in thirteen steps",
  usage: ["demo"],
  description: [
    "Starts the whole service on a free port with new keys, signs a file with Sigstore's own JavaScript client, verifies the signature, shows three forgeries that the client rejects, and finds the signature in the search. Then somebody else signs in her name, and her monitor finds it. Removes everything at the end.",
  ],
  arguments: [],
  flags: {},
  examples: [
    { title: "Run the demo", command: "npm run demo" },
    { title: "Run it without colors", command: "NO_COLOR=1 npx sigedge demo" },
  ],
  exitCodes: { 0: "Every step passed.", 1: "A step failed; the message names it.", 2: "The arguments are wrong." },
  read: refusePositionals,
  run: () => new Demo().run(),
});

/** One run, with what has to be removed after it. */
class Demo {
  readonly #logs: WorkerLog[] = [];
  #state: string | null = null;
  #stack: Stack | null = null;
  #steps = 0;

  async run(): Promise<Result<number, string>> {
    for (const signal of ["SIGINT", "SIGTERM"] as const)
      process.once(signal, () => void this.#cleanUp().then(() => process.exit(130)));
    try {
      await this.#tell();
      await this.#cleanUp();
      say(
        `\nEverything held, in ${duration(performance.now())}. To try the service: ${paint("cyan", "npx sigedge start")}`,
      );
      return ok(0);
    } catch (error) {
      await this.#cleanUp();
      say();
      const reason = error instanceof Error ? error.message : String(error);
      return err([reason, ...this.#logs.map(({ message }) => `  ${message}`)].join("\n"));
    }
  }

  async #tell(): Promise<void> {
    say(paint("bold", "Sigedge: sign a file without keeping a key, and let everyone check who signed it"));
    say();
    const url = await this.#showStep(
      "started the whole service on this machine",
      () => this.#start(),
      (at) => [`${at}: certificate authority, three logs, timestamps, search; new keys, empty logs`],
    );
    const { instance, bundle } = await this.#sign(url);
    await this.#verify(instance, bundle);
    await this.#search(url, bundle);
    await this.#showMonitor(instance);
  }

  /** Runs a step and prints its outcome. Throws if the step throws. */
  async #showStep<T>(title: string, run: () => Promise<T> | T, detail: (value: T) => readonly string[]): Promise<T> {
    this.#steps++;
    const started = performance.now();
    const number = String(this.#steps).padStart(2);
    try {
      const value = await run();
      const took = paint("dim", duration(performance.now() - started).padStart(7));
      say(`${paint("green", "✓")} ${number}  ${title.padEnd(66)} ${took}`);
      for (const line of detail(value)) say(`      ${paint("dim", line)}`);
      return value;
    } catch (error) {
      say(`${paint("red", "✗")} ${number}  ${title}`);
      throw new Error(
        `step ${this.#steps} failed (${title}): ${error instanceof Error ? error.message : String(error)}`,
        { cause: error },
      );
    }
  }

  async #start(): Promise<string> {
    const state = mkdtempSync(join(tmpdir(), "sigedge-demo-"));
    this.#state = state;
    const port = await findFreePort(0);
    if (!port.ok) throw new Error(port.error);
    const settings = openLocalSettings({ port: port.value, state, accept: null });
    if (!settings.ok) throw new Error(settings.error);
    const { runStack } = await import("./stack.ts");
    this.#stack = await runStack({
      port: port.value,
      state,
      settings: settings.value,
      log: (line) => this.#logs.push(line),
      handlesSignals: true,
    });
    return localUrl(port.value);
  }

  async #sign(url: string): Promise<{ readonly instance: Instance; readonly bundle: Bundle }> {
    const instance = await this.#showStep(
      "fetched the trusted root and the signing config with @sigstore/tuf",
      () => readInstanceOverTuf(url, mkdtempSync(join(this.#state ?? tmpdir(), "tuf-client-"))),
      () => ["everything that a Sigstore client needs to know about this service, signed by its offline keys"],
    );
    const token = await this.#showStep(
      "asked the OpenID provider for a token",
      () => requestToken(url, { email: ALICE }),
      () => [`it says: this is ${ALICE} (the development issuer believes everyone)`],
    );
    const bundle = await this.#showStep(
      "signed a file with @sigstore/sign",
      () => sign(instance, { identityToken: token, data: RELEASE, attestationType: null }),
      (signed) => [
        "a new key pair, a ten-minute certificate for it, a signature, a timestamp,",
        `entry ${logIndexOf(signed)} in the signature log; the private key is already gone`,
      ],
    );
    return { instance, bundle };
  }

  async #verify(instance: Instance, bundle: Bundle): Promise<void> {
    const expected = { identity: ALICE, issuer: ownIssuerOf(instance.url), data: RELEASE };
    await this.#showStep(
      "verified it with @sigstore/verify",
      () => verify(instance, bundle, expected),
      (identity) => [`signed by ${identity}, according to ${expected.issuer}; in both logs; in time`],
    );
    const forgeries: readonly [title: string, check: () => unknown][] = [
      ["a changed file is rejected", () => verify(instance, bundle, { ...expected, data: CHANGED })],
      [`the wrong person is rejected: was it ${BOB}?`, () => verify(instance, bundle, { ...expected, identity: BOB })],
    ];
    for (const [title, check] of forgeries)
      await this.#showStep(
        title,
        () => refusalOf(check),
        (refusal) => [refusal],
      );
    const changed = changeEntry(bundle);
    await this.#showStep(
      "a changed log entry is rejected",
      () => refusalOf(() => verify(instance, changed, expected)),
      (refusal) => [refusal],
    );
  }

  async #search(url: string, bundle: Bundle): Promise<void> {
    const logIndex = logIndexOf(bundle);
    const byDigest = `digest=sha256:${digestOf(RELEASE, "hex")}`;
    await this.#showStep(
      "who signed this file? Found by its digest",
      () => waitForHit(url, byDigest, logIndex),
      hitLines,
    );
    await this.#showStep(
      "what did Alice sign? Found by her address",
      () => waitForHit(url, `email=${ALICE}`, logIndex),
      hitLines,
    );
  }

  async #showMonitor(instance: Instance): Promise<void> {
    const watching = await this.#showStep(
      "Alice watches her name from now on, with sigedge monitor",
      () => this.#makePass(instance.url),
      ({ lines }) => lines,
    );
    if (watching.code !== 0) throw new Error(`the monitor ended with ${watching.code}: ${watching.lines.join("; ")}`);
    await this.#showStep(
      "somebody who stole a token of hers signs another program",
      async () =>
        sign(instance, {
          identityToken: await requestToken(instance.url, { email: ALICE }),
          data: CHANGED,
          attestationType: null,
        }),
      (signed) => [`entry ${logIndexOf(signed)} in the signature log: every client would believe that it is hers`],
    );
    await this.#showStep(
      "her monitor finds the certificate and the entry",
      async () => {
        await sleep(HEAD_KEPT_MS);
        const warned = await this.#makePass(instance.url);
        if (warned.code !== 1) throw new Error(`the monitor ended with ${warned.code}: ${warned.lines.join("; ")}`);
        return warned;
      },
      ({ lines }) => lines,
    );
  }

  async #makePass(url: string): Promise<{ readonly code: number; readonly lines: readonly string[] }> {
    const folder = this.#state ?? tmpdir();
    const config = join(folder, "monitor.yaml");
    writeFileSync(config, `watch:\n  - name: my name\n    identity: ${ALICE}\n`);
    const lines: string[] = [];
    const output = {
      isJson: false,
      stream: process.stdout,
      say: () => undefined,
      result: (_: unknown, text: string) => void lines.push(text),
    };
    const options = { ...PASS, url, config, stateFile: join(folder, "monitor.json") };
    const code = await runMonitor(options, output);
    if (!code.ok) throw new Error(code.error);
    return { code: code.value, lines };
  }

  async #cleanUp(): Promise<void> {
    await this.#stack?.stop();
    if (this.#state !== null) rmSync(this.#state, { recursive: true, force: true });
  }
}

/** The bundle with another digest in its log entry, as a log that rewrites history would show it. */
function changeEntry(bundle: Bundle): Bundle {
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

const hitLines = (hits: readonly Hit[]): readonly string[] =>
  hits.map(({ log, index, identity, time }) => `${log} log, entry ${index}: ${identity}, ${time}`);
