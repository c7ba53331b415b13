// SPDX-License-Identifier: Apache-2.0
// `sigedge start`, or `npm start`: runs the whole service on this machine until it is stopped, with its state in a
// folder.

import { resolve } from "node:path";
import { findFreePort, LISTEN_ADDRESS, localUrl, parseListenAddress } from "../cli/address.ts";
import { type Arguments, defineCommand, type Output, refusePositionals } from "../cli/command.ts";
import { PATHS, tufPath } from "../cli/status/paths.ts";
import { duration, paint } from "../cli/terminal.ts";
import { ownIssuerOf } from "../shared/oidc/own-issuer.ts";
import { err, ok, type Result } from "../shared/result.ts";
import { describeLocalIssuers, openLocalSettings } from "./settings.ts";
import type { Stack, WorkerLog } from "./stack.ts";
import { takeState } from "./state-use.ts";

const POLICIES = ["own-ca", "own-ca+listed-keys", "open"];

const FLAGS = {
  port: { value: "N", default: "8787", description: "The port on this machine." },
  state: { value: "DIR", default: ".sigedge", description: "The folder for keys, logs and the search index." },
  listen: {
    value: "ADDRESS",
    default: LISTEN_ADDRESS,
    description: "The address to listen on. 0.0.0.0 is accepted in a container only (docs/install.md).",
  },
  accept: {
    value: "POLICY",
    default: "own-ca+listed-keys",
    choices: POLICIES,
    description: "The signatures that the log accepts: own-ca, own-ca+listed-keys or open.",
  },
} as const;

interface Options {
  readonly port: number;
  readonly listen: string;
  readonly state: string;
  readonly accept: string;
}

export const START = defineCommand({
  name: "start",
  summary: "run the whole service on this machine",
  usage: ["start [options]"],
  description: [
    "Runs every service on this machine, with an OpenID issuer that gives anyone a token, until Ctrl-C. The first run creates keys and empty logs in the state folder; later runs use them again.",
    'Files in the state folder add settings: listed-keys.pem (keys that may write to the log), issuers.yaml or issuers.json (OpenID issuers), oidc-providers.json (where people log in), connectors.yaml (where they sign in at this service), shards.json (the logs beside the first two, see docs/log.md), witness-policy.txt, witnessed-logs.txt, and settings.json for any other setting, such as {"WITNESS_MODE": "require-quorum"}.',
  ],
  arguments: [],
  flags: FLAGS,
  examples: [
    { title: "Run at http://localhost:8787", command: "npm start" },
    { title: "Run a second stack beside it", command: "npm start -- --port 8788 --state /tmp/second" },
    { title: "Accept any valid signature", command: "npx sigedge start --accept open" },
  ],
  exitCodes: { 0: "The service was stopped.", 1: "The service did not start.", 2: "The arguments are wrong." },
  read: readOptions,
  run: async (options, output) => {
    const starting = start(options);
    const isEnding = endOnSignals(starting, output);
    const stack = await starting;
    if (!stack.ok) return stack;
    if (!isEnding()) output.say(welcome(options, performance.now()));
    return ok(0);
  },
});

/**
 * Ends the service in order on the first signal, and at once on the second. A signal during the start takes effect when
 * the start is complete, since storage that is half created would be left; it is confirmed at once. Returns whether a
 * signal has arrived.
 */
function endOnSignals(starting: Promise<Result<Stack, string>>, output: Pick<Output, "say">): () => boolean {
  let isStarted = false;
  let signaledAt: number | null = null;
  void starting.then(() => (isStarted = true));
  const end = (): void => {
    const isSecond = signaledAt !== null && performance.now() > signaledAt + SAME_SIGNAL_MS;
    if (isSecond) process.exit(1);
    if (signaledAt !== null) return;
    signaledAt = performance.now();
    if (!isStarted) output.say("Stopping when the start is complete; press Ctrl-C again to stop at once");
    void starting.then((stack) => (stack.ok ? stack.value.stop() : undefined)).then(() => process.exit(0));
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, end);
  watchNpm(() => {
    if (signaledAt === null) end();
  });
  return () => signaledAt !== null;
}

/** One Ctrl-C in a terminal arrives twice under npm: from the terminal, and from npm. */
const SAME_SIGNAL_MS = 500;

function readOptions(args: Arguments<typeof FLAGS>): Result<Options, string> {
  const { port, state, accept } = args.values;
  const listen = parseListenAddress(args.values.listen, process.env);
  const unexpected = refusePositionals(args);
  if (!unexpected.ok) return err(`${unexpected.error}${npmAdvice(args.positionals)}`);
  if (!/^[1-9]\d{0,4}$/.test(port) || Number(port) > 65_535)
    return err(`--port ${port} is not a port; give 1 to 65535`);
  if (!listen.ok) return listen;
  if (!POLICIES.includes(accept)) return err(`--accept ${accept} is unknown; give one of ${POLICIES.join(", ")}`);
  return ok({ port: Number(port), listen: listen.value, state: resolve(state), accept });
}

/** npm takes flags for its own unless they come after `--`, and passes their values on. */
function npmAdvice([first = ""]: readonly string[]): string {
  if (process.env["npm_lifecycle_event"] === undefined) return "";
  const flag = /^\d+$/.test(first) ? `--port ${first}` : `--state ${first}`;
  return `; npm keeps flags for itself: write npm start -- ${flag}`;
}

async function start({ port, listen, state, accept }: Options): Promise<Result<Stack, string>> {
  const taken = await takeState(state, port);
  if (!taken.ok) return taken;
  const probed = await findFreePort(port, listen);
  if (!probed.ok) return err(`cannot listen on port ${port} (${probed.error}); choose another with --port N`);
  const settings = openLocalSettings({ port, state, accept });
  if (!settings.ok) return settings;
  try {
    // Loaded last: the runtime takes a second to load, and a wrong flag should be reported at once.
    const { runStack } = await import("./stack.ts");
    const stack = await runStack({ port, listen, state, settings: settings.value, log, handlesSignals: true });
    const signed = await signTimestamp(port);
    if (signed.ok) return ok(stack);
    await stack.stop();
    return signed;
  } catch (error) {
    return err(`the service did not start: ${reasonOf(error)}`);
  }
}

/**
 * Has the TUF repository sign its timestamp, which it does when it is read, before anyone learns that the service
 * runs.
 */
async function signTimestamp(port: number): Promise<Result<null, string>> {
  const response = await fetch(`${localUrl(port)}${tufPath("timestamp.json")}`);
  const text = await response.text();
  return response.ok
    ? ok(null)
    : err(`the service did not start: the TUF repository answers ${response.status}: ${text.split("\n")[0]}`);
}

/** A Worker's console is for the operator: standard error keeps it apart from the service's own lines. */
function log({ message }: WorkerLog): void {
  process.stderr.write(`${message}\n`);
}

/** The first line of an error. */
const reasonOf = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).split("\n")[0] ?? "";

const head = (text: string): string => paint("bold", text);
const commandLine = (text: string): string => `  ${paint("cyan", text)}`;

const SIGN =
  "cosign sign-blob -y --signing-config signing_config.json --trusted-root trusted_root.json --bundle README.sigstore.json README.md";

function welcome({ port, state, accept }: Options, readyMs: number): string {
  const url = localUrl(port);
  return [
    "",
    `${paint(["bold", "green"], "Sigedge")} is running at ${head(url)} ${paint("dim", `(ready in ${duration(readyMs)})`)}`,
    "",
    `  Trust root      ${url}${PATHS.trustedRoot}`,
    `  Signing config  ${url}${PATHS.signingConfig}`,
    `  TUF repository  ${url}${tufPath("")} (first root: ${url}${tufPath("1.root.json")})`,
    `  State           ${state} (private keys, logs, index)`,
    ...issuersLines(state),
    `  The log accepts ${accept === "open" ? "any valid signature" : describeAccept(accept)}`,
    "",
    head("Sign a file. A browser opens, in which you type any address, such as alice@example.com:"),
    commandLine(`curl -sO ${url}${PATHS.trustedRoot} -O ${url}${PATHS.signingConfig}`),
    commandLine(SIGN),
    "",
    head("Verify it:"),
    commandLine(
      `cosign verify-blob --trusted-root trusted_root.json --certificate-identity alice@example.com --certificate-oidc-issuer ${ownIssuerOf(url)} --bundle README.sigstore.json README.md`,
    ),
    "",
    head("Sign without a browser, by a token for development:"),
    commandLine(
      `curl -s ${ownIssuerOf(url)}/dev/token --json '{"email":"alice@example.com"}' | sed 's/.*"id_token":"\\([^"]*\\)".*/\\1/' > token.txt`,
    ),
    commandLine(SIGN.replace("-y", "-y --identity-token token.txt")),
    "",
    head("Find it:"),
    commandLine(`curl -s '${url}${PATHS.search}?identity=alice@example.com'`),
    "",
    `No cosign? ${paint("cyan", "npm run demo")} signs and verifies with Sigstore's own JavaScript client. Ctrl-C ends the service.`,
    "",
  ].join("\n");
}

function issuersLines(state: string): readonly string[] {
  const line = describeLocalIssuers(state);
  return line === null ? [] : [`  The CA ${line}`];
}

const describeAccept = (accept: string): string =>
  accept === "own-ca"
    ? "signatures with certificates of its own CA"
    : "signatures with certificates of its own CA or with listed keys";

/**
 * npm runs scripts through a shell, and a shell that a signal ends does not pass the signal on. Our parent process
 * then changes. We stop as if we had received the signal: an orphaned workerd would hold the port and the state
 * folder.
 */
function watchNpm(end: () => void): void {
  if (process.env["npm_lifecycle_event"] === undefined) return;
  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(watch);
    end();
  }, PARENT_WATCH_MS).unref();
}

const PARENT_WATCH_MS = 100;
