// SPDX-License-Identifier: Apache-2.0
// Reads the TUF repository of a running service with the three implementations that Sigstore's clients use: tuf-js,
// go-tuf and python-tuf. Each starts from root version 1, follows every rotation as it happens, and at the end starts
// from version 1 again.

import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Updater } from "tuf-js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createOfflineKey, createOnlineKey, type OfflineKey, openOfflineKey } from "../../cli/tuf/keys.ts";
import { extendExpiry, publishTargets, rotateKeys } from "../../cli/tuf/repository.ts";
import { readTrustFile } from "../../cli/tuf/trust-file.ts";
import { unixMs } from "../../shared/time.ts";
import type { TargetDocuments } from "../../shared/tuf/target-files.ts";
import { type OfflineTexts, openOffline } from "../../shared/tuf/trust-file.ts";
import { interopFolder, interopTool } from "../../tools/interop-tools.ts";
import { startStack, type TestStack } from "../support/process/stack.ts";
import { valueOf } from "../support/value-of.ts";

const TARGET = "trusted_root.json";

let folder: string;
let stack: TestStack;
/** The operator's keys. */
let keys: readonly OfflineKey[];
let texts: OfflineTexts;
let onlineKey: string;
let firstRoot: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "sigedge-tuf-interop-"));
  stack = await startStack({ state: join(folder, "state") });
  const tuf = join(stack.state, "tuf");
  keys = ["root", "targets"].map((name) => valueOf(openOfflineKey(join(tuf, `${name}.key.pem`), null)));
  texts = valueOf(readTrustFile(join(tuf, "trust.json"), stack.url)) ?? { roots: [], targets: "", files: {} };
  onlineKey = readFileSync(join(tuf, "online.key.pem"), "utf8");
  firstRoot = await (await fetch(`${stack.url}/tuf/1.root.json`)).text();
});
afterAll(async () => {
  await stack.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** A client with its own folder, initialized with root version 1. */
interface Client {
  /** Updates, and returns the target's text and the version of the trusted root. */
  readonly update: () => Promise<{ readonly target: string; readonly rootVersion: number }>;
}

function run(
  command: string,
  args: readonly string[],
  options: { cwd: string; env?: NodeJS.ProcessEnv },
): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(command, args, { ...options, timeout: 50_000 }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new Error(`${command} ${args.join(" ")}: ${stdout}${stderr}`));
    });
  });
}

function newHome(): string {
  const home = mkdtempSync(join(folder, "client-"));
  writeFileSync(join(home, "root.json"), firstRoot);
  return home;
}
const rootVersionIn = (file: string): number =>
  (JSON.parse(readFileSync(file, "utf8")) as { signed: { version: number } }).signed.version;
const mirror = (): string => `${stack.url}/tuf`;

function tufJs(): Client {
  const home = newHome();
  return {
    update: async () => {
      const urls = { metadataBaseUrl: mirror(), targetBaseUrl: `${mirror()}/targets` };
      const updater = new Updater({ metadataDir: home, targetDir: home, ...urls });
      await updater.refresh();
      const info = await updater.getTargetInfo(TARGET);
      if (info === undefined) throw new Error(`there is no ${TARGET}`);
      const target = readFileSync(await updater.downloadTarget(info), "utf8");
      return { target, rootVersion: rootVersionIn(join(home, "root.json")) };
    },
  };
}

function goTuf(): Client {
  const home = newHome();
  const client = (...args: readonly string[]): Promise<string> => run(interopTool("go-tuf"), args, { cwd: home });
  let initialized: Promise<string> | null = null;
  return {
    update: async () => {
      // go-tuf takes a file name relative to its working folder, and writes to the same name.
      await (initialized ??= client("init", "--url", mirror(), "--file", "root.json"));
      await client("get", "--url", mirror(), "--turl", `${mirror()}/targets`, TARGET);
      const target = readFileSync(join(home, "tuf_download", TARGET), "utf8");
      return { target, rootVersion: rootVersionIn(join(home, "tuf_metadata", "root.json")) };
    },
  };
}

function pythonTuf(): Client {
  const home = newHome();
  const script = join(import.meta.dirname, "tools/python-tuf/client.py");
  const env = { ...process.env, PYTHONPATH: interopFolder("python-tuf"), PYTHONDONTWRITEBYTECODE: "1" };
  mkdirSync(join(home, "metadata"));
  return {
    update: async () => {
      const version = await run("python3", [script, home, mirror(), TARGET], { cwd: home, env });
      return { target: readFileSync(join(home, "targets", TARGET), "utf8"), rootVersion: Number(version) };
    },
  };
}

const IMPLEMENTATIONS = { "tuf-js": tufJs, "go-tuf": goTuf, "python-tuf": pythonTuf };

const now = () => unixMs(Date.now());
const role = (members: readonly OfflineKey[], threshold: number) => ({
  keys: members.map(({ key }) => key),
  threshold,
});
function newKeys(count: number): readonly OfflineKey[] {
  const made = Array.from({ length: count }, () =>
    valueOf(createOfflineKey(join(folder, `${keys.length}-${crypto.randomUUID()}.pem`), null)),
  );
  keys = [...keys, ...made];
  return made;
}
function documents(change: string): TargetDocuments {
  const { targets } = valueOf(openOffline(texts)).targets.signed;
  const entries = Object.entries(texts.files).map(
    ([name, text]) =>
      [name, { text: name === TARGET ? `${text}${change}` : text, custom: targets[name]?.custom ?? null }] as const,
  );
  return Object.fromEntries(entries);
}

/** The changes that an operator can make. Each returns the next texts, and sets the online key if it is new. */
const EPOCHS: readonly { readonly name: string; readonly next: () => OfflineTexts; readonly roots: number }[] = [
  {
    name: "other root keys, two of three",
    next: () => valueOf(rotateKeys(texts, { change: { root: role(newKeys(3), 2) }, signers: keys, now: now() })),
    roots: 2,
  },
  {
    name: "new targets",
    next: () => valueOf(publishTargets(texts, { documents: documents("\n"), signers: keys, now: now() })),
    roots: 2,
  },
  {
    name: "another targets key",
    next: () => valueOf(rotateKeys(texts, { change: { targets: role(newKeys(1), 1) }, signers: keys, now: now() })),
    roots: 3,
  },
  {
    name: "another online key",
    next: () => {
      const online = createOnlineKey();
      onlineKey = online.pem;
      return valueOf(rotateKeys(texts, { change: { online: online.key }, signers: keys, now: now() }));
    },
    roots: 4,
  },
  {
    name: "later expiries",
    next: () => valueOf(extendExpiry(texts, { roles: ["root", "targets"], signers: keys, now: now() })),
    roots: 5,
  },
  {
    name: "every key at once",
    next: () => {
      const online = createOnlineKey();
      onlineKey = online.pem;
      const change = { root: role(newKeys(1), 1), targets: role(newKeys(2), 2), online: online.key };
      return valueOf(rotateKeys(texts, { change, signers: keys, now: now() }));
    },
    roots: 6,
  },
];

/** Deploys again over the same state; the trust file of version 1 in the state folder is ignored. */
async function deploy(next: OfflineTexts): Promise<void> {
  texts = next;
  const { port, state } = stack;
  await stack.stop();
  const vars = { TUF_KEY: onlineKey, TRUST_FILE: JSON.stringify({ [stack.url]: texts }) };
  stack = await startStack({ port, state, vars });
}

describe("each implementation", () => {
  const clients = new Map<string, Client>();

  it.each(Object.entries(IMPLEMENTATIONS))("%s bootstraps from root version 1", async (name, make) => {
    const client = make();
    clients.set(name, client);
    expect(await client.update()).toEqual({ target: texts.files[TARGET], rootVersion: 1 });
    // And again, from its own cache.
    expect(await client.update()).toEqual({ target: texts.files[TARGET], rootVersion: 1 });
  });

  it.each(EPOCHS)("follows $name", async ({ next, roots }) => {
    await deploy(next());
    expect(texts.roots).toHaveLength(roots);
    for (const [name, client] of clients) {
      expect({ name, ...(await client.update()) }).toEqual({ name, target: texts.files[TARGET], rootVersion: roots });
    }
    expect(await (await fetch(`${stack.url}/trusted_root.json`)).text()).toBe(texts.files[TARGET]);
  });

  it.each(Object.entries(IMPLEMENTATIONS))("%s goes from root version 1 to the newest at once", async (_name, make) => {
    expect(await make().update()).toEqual({ target: texts.files[TARGET], rootVersion: 6 });
  });

  it.each(Object.entries(IMPLEMENTATIONS))("%s rejects the root of another repository", async (_name, make) => {
    const right = firstRoot;
    const other = await startStack();
    try {
      firstRoot = await (await fetch(`${other.url}/tuf/1.root.json`)).text();
      await expect(make().update()).rejects.toThrow();
    } finally {
      firstRoot = right;
      await other.stop();
    }
  });
});
