// SPDX-License-Identifier: Apache-2.0
// `sigedge trust`: what to give to the people who sign and verify.

import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join, resolve } from "node:path";
import { parsePublicUrl } from "../../shared/http/public-url.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import { LISTEN_ADDRESS } from "../address.ts";
import { readFlags } from "../flags.ts";
import { say } from "../terminal.ts";
import { CLIENTS, type Client, CONFIGURATIONS } from "./clients.ts";
import { type Trust, trustFromFolder, trustFromUrl } from "./files.ts";
import { trustText } from "./text.ts";

const USAGE = `sigedge trust URL|DIR [options]

Prints how each Sigstore client is told of a deployment; with --out also writes the files that this takes. DIR is a
folder that --out has written, for machines that cannot reach the deployment.

  --client NAME    ${CLIENTS.slice(0, 3).join(", ")},
                   ${CLIENTS.slice(3).join(", ")}; may be repeated (all)
  --out DIR        write trusted root, signing config, keys and chains there
  --serve PORT     serve the files on this machine until Ctrl-C
  --json           one JSON object on standard output: files and configurations by name

Exit code: 0 done, 1 not done, 2 wrong use.`;

const FLAGS = {
  client: { type: "string", multiple: true },
  out: { type: "string" },
  serve: { type: "string" },
  json: { type: "boolean", default: false },
  help: { type: "boolean", default: false },
} as const;

interface Options {
  readonly from: string;
  readonly clients: readonly Client[];
  readonly out: string | null;
  readonly port: number | null;
  readonly json: boolean;
}

/** Runs the command; gives its exit code. */
export async function trustCommand(args: readonly string[]): Promise<number> {
  const options = readOptions(args);
  if (!options.ok) return failed(options.error, 2);
  if (options.value === null) {
    say(USAGE);
    return 0;
  }
  const { from, clients, out, port, json } = options.value;
  const trust = await read(from);
  if (!trust.ok) return failed(trust.error, 1);
  if (out !== null) write(trust.value, out);
  say(json ? trustJson(trust.value, clients) : trustText(trust.value, clients, out));
  if (port !== null) await serve(trust.value, port);
  return 0;
}

function failed(reason: string, code: 1 | 2): number {
  process.stderr.write(`sigedge trust: ${reason}\n`);
  return code;
}

/** Null for --help. */
function readOptions(args: readonly string[]): Result<Options | null, string> {
  const flags = readFlags(args, FLAGS);
  if (!flags.ok) return flags;
  const { values, positionals } = flags.value;
  if (values.help) return ok(null);
  const [from, ...more] = positionals;
  if (from === undefined || more.length > 0)
    return err("give the address of a deployment, or a folder: sigedge trust https://HOST");
  const names = values.client ?? CLIENTS;
  const clients = CLIENTS.filter((client) => names.includes(client));
  if (clients.length !== new Set(names).size) return err(`--client takes one of ${CLIENTS.join(", ")}`);
  const port = values.serve === undefined ? null : Number(values.serve);
  if (port !== null && !(Number.isInteger(port) && port > 0 && port < 65_536)) return err("--serve takes a port");
  return ok({ from, clients, out: values.out === undefined ? null : resolve(values.out), port, json: values.json });
}

async function read(from: string): Promise<Result<Trust, string>> {
  if (existsSync(from)) return trustFromFolder(from);
  const url = parsePublicUrl(from.replace(/\/$/, ""));
  return url.ok ? trustFromUrl(url.value.href) : err(`${from} is no folder, and as an address it ${url.error.reason}`);
}

function write({ files }: Trust, folder: string): void {
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of files) writeFileSync(join(folder, name), text);
}

function trustJson(trust: Trust, clients: readonly Client[]): string {
  const { url, issuer, files } = trust;
  const configurations = Object.fromEntries(clients.map((client) => [client, CONFIGURATIONS[client](trust)]));
  return JSON.stringify({ url, issuer, files: Object.fromEntries(files), configurations });
}

/** Until the process is told to end. */
function serve({ files }: Trust, port: number): Promise<never> {
  const server = createServer(({ url }, response) => {
    const text = files.get((url ?? "").slice(1));
    if (text === undefined) response.writeHead(404).end();
    else
      response
        .writeHead(200, { "content-type": url?.endsWith(".json") === true ? "application/json" : "text/plain" })
        .end(text);
  });
  return new Promise((_, reject) => {
    server.once("error", reject);
    server.listen(port, LISTEN_ADDRESS, () =>
      say(`\nServing at http://localhost:${port}/trusted_root.json until Ctrl-C`),
    );
  });
}
