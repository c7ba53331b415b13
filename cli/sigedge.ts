// SPDX-License-Identifier: Apache-2.0
// The `sigedge` program: finds the command and runs it. Each command is loaded when it is used. In the layers it is
// above cli/ and local/ (tools/layers.ts), whose commands it brings together.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { member } from "../shared/json/member.ts";
import type { BackupBucket } from "./backup/buckets.ts";
import { type Command, MISUSE } from "./command.ts";
import { columnLines, helpPage } from "./help/page.ts";
import { suggestion } from "./help/suggestion.ts";
import { ROOT } from "./root.ts";
import { endWithReader, pageColumns, paint, say } from "./terminal.ts";

const openStateBucket = async (state: string): Promise<BackupBucket> =>
  (await import("../local/local-bucket.ts")).openStateBucket(state);

/** Every command by name, in the order in which people meet them. */
const LOADERS: Readonly<Record<string, () => Promise<Command>>> = {
  start: async () => (await import("../local/start.ts")).START,
  demo: async () => (await import("../local/demo.ts")).DEMO,
  init: async () => (await import("./init/command.ts")).INIT,
  deploy: async () => (await import("./deploy/command.ts")).DEPLOY,
  status: async () => (await import("./status/command.ts")).STATUS,
  doctor: async () => (await import("./doctor/command.ts")).DOCTOR,
  trust: async () => (await import("./trust/command.ts")).TRUST,
  sign: async () => (await import("./sign/command.ts")).SIGN,
  verify: async () => (await import("./verify/command.ts")).VERIFY,
  issuers: async () => (await import("./issuers/command.ts")).ISSUERS,
  rotate: async () => (await import("./rotate/command.ts")).ROTATE,
  audit: async () => (await import("./audit/command.ts")).AUDIT,
  monitor: async () => (await import("./monitor/command.ts")).MONITOR,
  backup: async () => (await import("./backup/command.ts")).backupCommand(openStateBucket),
  restore: async () => (await import("./backup/restore-command.ts")).restoreCommand(openStateBucket),
  "index-attestation": async () => (await import("./index-attestation/command.ts")).INDEX_ATTESTATION,
  reindex: async () => (await import("./reindex/command.ts")).REINDEX,
  "dev-vars": async () => (await import("../local/dev-vars.ts")).DEV_VARS,
  completion: async () => (await import("./help/completion-command.ts")).completionCommand(loadCommands),
};

/** Loads every command, in order. */
export const loadCommands = (): Promise<readonly Command[]> =>
  Promise.all(Object.values(LOADERS).map((load) => load()));

/** Runs `sigedge` with these arguments. Resolves to the exit code. */
export async function main([name, ...args]: readonly string[]): Promise<number> {
  endWithReader();
  const special = name !== undefined && Object.hasOwn(SPECIAL, name) ? SPECIAL[name] : undefined;
  return special === undefined ? run(name, (command) => command.execute(args)) : special(args);
}

/** First words that are no commands with a page of their own. */
const SPECIAL: Readonly<Record<string, (args: readonly string[]) => Promise<number>>> = {
  "--help": printOverview,
  "-h": printOverview,
  help: printHelp,
  "--version": () => {
    say(`sigedge ${version()}`);
    return Promise.resolve(0);
  },
  // wrangler runs it before a bare `wrangler deploy`.
  "wrangler-hook": async () => (await import("./deploy/wrangler-hook.ts")).checkBuild(),
};

async function run(name: string | undefined, use: (command: Command) => Promise<number>): Promise<number> {
  const load = name !== undefined && Object.hasOwn(LOADERS, name) ? LOADERS[name] : undefined;
  if (load !== undefined) return use(await load());
  process.stderr.write(`sigedge: ${name === undefined ? "a command is missing" : describeUnknown(name)}\n`);
  if (name === undefined) process.stderr.write(`\n${await renderOverview()}\n`);
  return MISUSE;
}

function describeUnknown(name: string): string {
  const meant = suggestion(name, Object.keys(LOADERS));
  return `there is no command ${name}${meant === null ? "; see sigedge --help" : `; did you mean ${meant}?`}`;
}

function printHelp([name]: readonly string[]): Promise<number> {
  if (name === undefined) return printOverview();
  return run(name, (command) => {
    say(helpPage(command));
    return Promise.resolve(0);
  });
}

async function printOverview(): Promise<number> {
  say(await renderOverview());
  return 0;
}

/** Formats the list of all commands for a terminal of this width. */
export async function renderOverview(columns: number = pageColumns()): Promise<string> {
  const commands = await loadCommands();
  const lines = columnLines(
    commands.map(({ name, summary }) => [name, summary]),
    columns,
  );
  return [
    "sigedge COMMAND [options]",
    "",
    ...lines.map((line) => line.replace(/^ {2}(\S+)/, (_, name: string) => `  ${paint("bold", name)}`)),
    "",
    "sigedge help COMMAND describes a command; sigedge --version prints the version.",
  ].join("\n");
}

function version(): string {
  const json: unknown = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  return String(member(json, "version"));
}
