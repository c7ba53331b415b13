// SPDX-License-Identifier: Apache-2.0
// `npm start`: the whole service on this machine, with its state in a folder, until it is told to end.

import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { freePort, localUrl } from "../cli/address.ts";
import { duration, fail, say, styled } from "../cli/terminal.ts";
import { localSettings } from "./settings.ts";
import type { Stack, WorkerLog } from "./stack.ts";

const USAGE = `npm start -- [--port N] [--state DIR] [--accept POLICY]

  --port N         where to listen on this machine (8787)
  --state DIR      folder for keys, logs and index (.sigedge)
  --accept POLICY  whose signatures the log takes: own-ca, own-ca+listed-keys, open (own-ca+listed-keys);
                   listed keys are read from DIR/listed-keys.pem, further OpenID issuers from DIR/issuers.yaml (or .json),
                   further logs from DIR/shards.json (docs/log.md)`;

const POLICIES = ["own-ca", "own-ca+listed-keys", "open"];

interface Options {
  readonly port: number;
  readonly state: string;
  readonly accept: string;
}

function readOptions(): Options {
  const { port, state, accept, help } = parseFlags();
  if (help) {
    say(USAGE);
    process.exit(0);
  }
  if (!/^[1-9]\d{0,4}$/.test(port) || Number(port) > 65_535) fail(`--port ${port} is not a port; give 1 to 65535`);
  if (!POLICIES.includes(accept)) fail(`--accept ${accept} is unknown; give one of ${POLICIES.join(", ")}`);
  return { port: Number(port), state: resolve(state), accept };
}

function parseFlags(): { port: string; state: string; accept: string; help: boolean } {
  try {
    const { values } = parseArgs({
      options: {
        port: { type: "string", default: "8787" },
        state: { type: "string", default: ".sigedge" },
        accept: { type: "string", default: "own-ca+listed-keys" },
        help: { type: "boolean", default: false },
      },
    });
    return values;
  } catch (error) {
    // The first sentence says which flag; what follows is advice on quoting that does not fit here.
    return fail(`${reasonOf(error).split(". ")[0]}; npm start -- --help shows what there is`);
  }
}

async function start({ port, state, accept }: Options): Promise<Stack> {
  const probed = await freePort(port);
  if (!probed.ok) fail(`cannot listen on port ${port} (${probed.error}); choose another with --port N`);
  const settings = localSettings({ port, state, accept });
  if (!settings.ok) fail(settings.error);
  try {
    // Only now: the runtime takes a second to load, which a person with a wrong flag need not wait for.
    const { runStack } = await import("./stack.ts");
    const stack = await runStack({ port, state, settings: settings.value, log, handlesSignals: true });
    await signTimestamp(port);
    return stack;
  } catch (error) {
    return fail(`the service did not start: ${reasonOf(error)}`);
  }
}

/** The TUF repository signs what is due when it is read: so it is fresh before anybody is told that the service is there. */
async function signTimestamp(port: number): Promise<void> {
  const response = await fetch(`${localUrl(port)}/tuf/timestamp.json`);
  const text = await response.text();
  if (!response.ok) throw new Error(`the TUF repository answers ${response.status}: ${text}`);
}

/** What a Worker says is for the operator: it stands beside the service's own lines, not among them. */
function log({ message }: WorkerLog): void {
  process.stderr.write(`${message}\n`);
}

/** The first line of what went wrong. */
const reasonOf = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).split("\n")[0] ?? "";

const head = (text: string): string => styled("bold", text);
const command = (text: string): string => `  ${styled("cyan", text)}`;

function welcome({ port, state, accept }: Options, readyMs: number): string {
  const url = localUrl(port);
  return [
    "",
    `${styled(["bold", "green"], "Sigedge")} is running at ${head(url)} ${styled("dim", `(ready in ${duration(readyMs)})`)}`,
    "",
    `  Trust root      ${url}/trusted_root.json`,
    `  Signing config  ${url}/signing_config.json`,
    `  TUF repository  ${url}/tuf (first root: ${url}/tuf/1.root.json)`,
    `  State           ${state} (private keys, logs, index)`,
    `  The log takes   ${accept === "open" ? "any valid signature" : acceptedBy(accept)}`,
    "",
    head("Sign a file, as alice@example.com:"),
    command(`curl -sO ${url}/trusted_root.json -O ${url}/signing_config.json`),
    command(
      `curl -s ${url}/oidc/dev/token --json '{"email":"alice@example.com"}' | sed 's/.*"id_token":"\\([^"]*\\)".*/\\1/' > token.txt`,
    ),
    command(
      "cosign sign-blob -y --identity-token token.txt --signing-config signing_config.json --trusted-root trusted_root.json --bundle README.sigstore.json README.md",
    ),
    "",
    head("Verify it:"),
    command(
      `cosign verify-blob --trusted-root trusted_root.json --certificate-identity alice@example.com --certificate-oidc-issuer ${url}/oidc --bundle README.sigstore.json README.md`,
    ),
    "",
    head("Find it:"),
    command(`curl -s '${url}/api/search?email=alice@example.com'`),
    "",
    `No cosign at hand? ${styled("cyan", "npm run demo")} signs and verifies with Sigstore's own JavaScript client. Ctrl-C ends the service.`,
    "",
  ].join("\n");
}

const acceptedBy = (accept: string): string =>
  accept === "own-ca"
    ? "signatures with certificates of its own CA"
    : "signatures with certificates of its own CA or with listed keys";

/**
 * npm runs us through a shell, and a shell that is ended by a signal does not pass it on. Then we are another process's
 * child all of a sudden, and end as if the signal had reached us: a workerd that is left alone holds port and state folder.
 */
function whenNpmIsGone(end: () => void): void {
  if (process.env["npm_lifecycle_event"] === undefined) return;
  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(watch);
    end();
  }, PARENT_WATCH_MS).unref();
}

const PARENT_WATCH_MS = 100;

const options = readOptions();
const starting = start(options);
// Also while it starts.
const end = (): void => void starting.then((stack) => stack.stop()).then(() => process.exit(0));
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, end);
whenNpmIsGone(end);
await starting;
say(welcome(options, performance.now()));
