// SPDX-License-Identifier: Apache-2.0
// The folder in which the commands of one client run: the files that they name, and their environment variables:
//   S the instance; M its TUF repository; I the signer; OTHER another person; U the issuer;
//   PROVIDER where the signer logs in, in a browser that follows redirects; REGISTRY an OCI registry on this machine;
//   PACKAGES an npm registry on this machine; PUBLIC_NAMES a proxy that leads the names of the public instance here,
//   and PUBLIC_NAMES_CERTIFICATE what to trust there;
//   TOKEN (and token.txt) an identity token, fresh for every command.
// README.md and other.txt are the artifacts.

import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { readJson } from "../../../cli/signing/sigstore-js.ts";
import { interopFolder, interopPath } from "../../../tools/interop-tools.ts";
import { makeBrowser } from "../../support/process/login-provider.ts";
import type { TestStack } from "../../support/process/stack.ts";
import { ARTIFACTS } from "./artifacts.ts";
import type { Client, Transport } from "./client.ts";

export const SIGNER = "alice@example.com";
const OTHER_SIGNER = "bob@example.com";
/** How much of a command's output a failing test prints. */
const MAX_OUTPUT_CHARS = 4_000;
/** A client that hangs fails. */
const COMMAND_TIMEOUT_MS = 50_000;

/** Everything that the commands of all clients share. */
export interface Surroundings {
  readonly stack: TestStack;
  /** The URL of an OpenID provider at which the signer is logged in. */
  readonly provider: string;
  /** host:port of an OCI registry. */
  readonly registry: string;
  /** The URL of an npm registry. */
  readonly packages: string;
  /** A proxy that leads the names of the public instance to this one, and the file of its certificate. */
  readonly publicNames: { readonly proxy: string; readonly certificate: string };
  /** The trusted root of another instance. */
  readonly otherRoot: unknown;
  /** PEM of a public key that verifies none of the signatures. */
  readonly otherKey: string;
  /** Bundles over README.md by file name: a valid one, and forgeries made from it. */
  readonly bundles: Readonly<Record<string, unknown>>;
}

export interface Ended {
  readonly code: number;
  readonly output: string;
}

export interface Workbench {
  readonly folder: string;
  /** Runs a command with a fresh token; `https://HOST` in it stands for the instance. */
  readonly run: (script: string) => Promise<Ended>;
}

/** Prepares the folder of a client. */
export async function openWorkbench(
  client: Client,
  transport: Transport,
  folder: string,
  surroundings: Surroundings,
): Promise<Workbench> {
  const { stack } = surroundings;
  mkdirSync(join(folder, "home"), { recursive: true });
  const write = (name: string, content: string): void => writeFileSync(join(folder, name), content);
  for (const [name, content] of Object.entries(ARTIFACTS)) write(name, content);
  write("other_root.json", JSON.stringify(surroundings.otherRoot));
  write("other.pub", surroundings.otherKey);
  for (const [name, bundle] of Object.entries(surroundings.bundles)) write(name, JSON.stringify(bundle));
  for (const [file, path] of INSTANCE_FILES) write(file, JSON.stringify(await readJson(`${stack.url}${path}`)));
  const trustConfig = JSON.parse(readFileSync(join(folder, "trust_config.json"), "utf8")) as object;
  write("other_config.json", JSON.stringify({ ...trustConfig, trustedRoot: surroundings.otherRoot }));
  if (transport === "tuf") write("root.json", await (await fetch(`${stack.url}/tuf/root.json`)).text());
  const env = environment(client, transport, folder, surroundings);
  const run = async (script: string): Promise<Ended> => {
    const token = await stack.token(SIGNER);
    write("token.txt", token);
    return await runScript(script.replaceAll("https://HOST", stack.url), folder, { ...env, TOKEN: token });
  };
  return { folder, run };
}

const INSTANCE_FILES = [
  ["trusted_root.json", "/trusted_root.json"],
  ["signing_config.json", "/signing_config.json"],
  ["trust_config.json", "/client_trust_config.json"],
] as const;

function environment(
  client: Client,
  transport: Transport,
  folder: string,
  { stack, provider, registry, packages, publicNames }: Surroundings,
): Readonly<Record<string, string>> {
  const tool = interopFolder(client.tool);
  const tools = [client.tool, ...(client.beside ?? [])];
  const { bin, browser } = makeBrowser(folder);
  const programs = [bin, ...tools.flatMap(interopPath), dirname(process.execPath)];
  const root = join(folder, "root.json");
  const rootHash = existsSync(root) ? createHash("sha256").update(readFileSync(root)).digest("hex") : "";
  return {
    PATH: [...programs, process.env["PATH"] ?? ""].join(delimiter),
    HOME: join(folder, "home"),
    S: stack.url,
    M: `${stack.url}/tuf`,
    I: SIGNER,
    OTHER: OTHER_SIGNER,
    U: `${stack.url}/oidc`,
    PROVIDER: provider,
    BROWSER: browser,
    REGISTRY: registry,
    PACKAGES: packages,
    PUBLIC_NAMES: publicNames.proxy,
    PUBLIC_NAMES_CERTIFICATE: publicNames.certificate,
    TRANSPORT: transport,
    HERE: import.meta.dirname,
    ROOT_SHA256: rootHash,
    ...client.env?.(tool),
  };
}

/** Runs a script to its end. The exit code is -1 if a signal ended it. */
function runScript(script: string, cwd: string, env: Readonly<Record<string, string>>): Promise<Ended> {
  const child = spawn("bash", ["-euo", "pipefail", "-c", script], {
    cwd,
    env,
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  const chunks: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => chunks.push(chunk));
  // Kills the whole process group: the command and its children.
  const timer = setTimeout(() => process.kill(-(child.pid ?? 0), "SIGKILL"), COMMAND_TIMEOUT_MS);
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => {
      clearTimeout(timer);
      resolve({ code: code ?? -1, output: Buffer.concat(chunks).toString().slice(-MAX_OUTPUT_CHARS) });
    });
  });
}
