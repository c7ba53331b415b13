// SPDX-License-Identifier: Apache-2.0
// `sigedge trust`: what signers and verifiers need to use a deployment.

import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join, resolve } from "node:path";
import { parsePublicUrl } from "../../shared/http/public-url.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import { findFreePort, LISTEN_ADDRESS } from "../address.ts";
import { type Arguments, defineCommand } from "../command.ts";
import { say } from "../terminal.ts";
import { readTrustFromFolder, readTrustFromUrl, type Trust } from "./files.ts";
import { trustText } from "./text.ts";
import { formatPolicy, POLICY_FILE } from "./tools/policy-controller.ts";
import { configurationOf } from "./tools/tool.ts";
import { TOOL_NAMES, TOOLS, type ToolName } from "./tools/tools.ts";

const FLAGS = {
  for: {
    value: "TOOL",
    multiple: true,
    choices: TOOL_NAMES,
    description: `Print the configuration of this tool: ${TOOL_NAMES.join(", ")}.`,
  },
  out: { value: "DIR", description: "Write trusted root, signing config, keys and certificate chains to this folder." },
  serve: { value: "PORT", description: "Serve these files on this machine until Ctrl-C." },
} as const;

interface Options {
  readonly from: string;
  readonly tools: readonly ToolName[];
  readonly out: string | null;
  readonly port: number | null;
}

export const TRUST = defineCommand({
  name: "trust",
  summary: "print how to configure a tool for a deployment",
  usage: ["trust URL|DIR [options]"],
  description: [
    "Prints the commands and configuration that a tool needs to use a deployment, or the tools that it knows. With --out, also writes the files that they name.",
  ],
  arguments: [
    {
      name: "URL|DIR",
      description:
        "The address of a deployment, or a folder that --out has written, for machines that cannot reach the deployment.",
    },
  ],
  flags: FLAGS,
  json: "Print one JSON object with files and configurations by name on standard output; of every tool without --for.",
  examples: [
    { title: "Configure cosign", command: "npx sigedge trust https://sign.example.com --for cosign" },
    {
      title: "Save the files for an offline machine",
      command: "npx sigedge trust https://sign.example.com --out trust",
    },
    { title: "Use them there", command: "npx sigedge trust trust --for sigstore-python" },
  ],
  exitCodes: { 0: "Done.", 1: "The trust documents could not be read.", 2: "The arguments are wrong." },
  read: readOptions,
  run: async ({ from, tools, out, port }, output) => {
    const free = port === null ? ok(0) : await findFreePort(port);
    if (!free.ok) return err(`cannot serve at port ${port} (${free.error}); choose another with --serve PORT`);
    const trust = await read(from);
    if (!trust.ok) return trust;
    if (out !== null) write(trust.value, out);
    output.result(trustJson(trust.value, tools), trustText(trust.value, tools, out));
    if (port !== null) await serve(trust.value, port);
    return ok(0);
  },
});

function readOptions({ values, positionals }: Arguments<typeof FLAGS>): Result<Options, string> {
  const [from, ...more] = positionals;
  if (from === undefined || more.length > 0)
    return err("give the address of one deployment, or one folder: sigedge trust https://HOST");
  const tools = TOOL_NAMES.filter((name) => values.for.includes(name));
  if (tools.length !== new Set(values.for).size) return err(`--for must be one of ${TOOL_NAMES.join(", ")}`);
  const port = values.serve === null ? null : Number(values.serve);
  if (port !== null && !(Number.isInteger(port) && port > 0 && port < 65_536))
    return err("--serve must be a port, 1 to 65535");
  return ok({ from, tools, out: values.out === null ? null : resolve(values.out), port });
}

/** Reads the documents, and adds the file that is made of them where there is a log that it needs. */
async function read(from: string): Promise<Result<Trust, string>> {
  const trust = await readDocuments(from);
  if (!trust.ok || trust.value.rekorV1Url === null) return trust;
  return ok({ ...trust.value, files: new Map(trust.value.files).set(POLICY_FILE, formatPolicy(trust.value)) });
}

async function readDocuments(from: string): Promise<Result<Trust, string>> {
  if (existsSync(from)) return readTrustFromFolder(from);
  const url = parsePublicUrl(from.replace(/\/$/, ""));
  return url.ok
    ? readTrustFromUrl(url.value.href)
    : err(`${from} is not a folder, and as an address it ${url.error.reason}`);
}

function write({ files }: Trust, folder: string): void {
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of files) writeFileSync(join(folder, name), text);
}

function trustJson(trust: Trust, asked: readonly ToolName[]): object {
  const { url, provider, issuer, files } = trust;
  const names = asked.length === 0 ? TOOL_NAMES : asked;
  const configurations = Object.fromEntries(names.map((name) => [name, configurationOf(TOOLS[name], trust)]));
  return { url, provider, issuer, files: Object.fromEntries(files), configurations };
}

/** Serves until the process ends; rejects if the port is taken. */
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
