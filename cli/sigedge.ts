// SPDX-License-Identifier: Apache-2.0
// The `sigedge` command: which subcommand is done by which file.

import { say, styled } from "./terminal.ts";

interface Subcommand {
  /** Null: not for people. */
  readonly summary: string | null;
  /** Loaded when it is asked for. Resolves to the exit code. */
  readonly run: (args: readonly string[]) => Promise<number>;
}

const SUBCOMMANDS: Readonly<Record<string, Subcommand>> = {
  init: {
    summary: "make all keys of a deployment, and what wrangler deploys it with",
    run: async (args) => (await import("./init/command.ts")).initCommand(args),
  },
  deploy: {
    summary: "deploy it to Cloudflare, composed or split, and try the whole life of a signature",
    run: async (args) => (await import("./deploy/command.ts")).deployCommand(args),
  },
  rotate: {
    summary: "replace a log, an authority or a key, so that nothing stops verifying",
    run: async (args) => (await import("./rotate/command.ts")).rotateCommand(args),
  },
  status: {
    summary: "show whether a deployment serves, how far it is, and what expires when",
    run: async (args) => (await import("./status/command.ts")).statusCommand(args),
  },
  doctor: {
    summary: "look for what is wrong with a deployment, and say what to do",
    run: async (args) => (await import("./doctor/command.ts")).doctorCommand(args),
  },
  trust: {
    summary: "print how each client is told of a deployment",
    run: async (args) => (await import("./trust/command.ts")).trustCommand(args),
  },
  "wrangler-hook": {
    summary: null,
    run: async () => (await import("./deploy/wrangler-hook.ts")).wranglerHook(),
  },
  audit: {
    summary: "read a whole log and prove that it is what it claims to be",
    run: async (args) => (await import("./audit/command.ts")).auditCommand(args),
  },
  backup: {
    summary: "copy the logs into a folder, as far as they are not there yet",
    run: async (args) => (await import("./backup/command.ts")).backupCommand(args),
  },
  restore: {
    summary: "put such a copy into an empty bucket",
    run: async (args) => (await import("./backup/command.ts")).restoreCommand(args),
  },
  reindex: {
    summary: "rebuild the search index from the logs",
    run: async (args) => (await import("./reindex/command.ts")).reindexCommand(args),
  },
};

const USAGE = [
  "sigedge COMMAND [options]",
  "",
  ...Object.entries(SUBCOMMANDS).flatMap(([name, { summary }]) =>
    summary === null ? [] : [`  ${styled("bold", name.padEnd(9))} ${summary}`],
  ),
  "",
  "sigedge COMMAND --help tells more. The service itself is started by `npm start`.",
].join("\n");

/** Wrong use. */
const MISUSE = 2;

async function main([name, ...args]: readonly string[]): Promise<number> {
  if (name === "--help" || name === "help" || name === "-h") {
    say(USAGE);
    return 0;
  }
  if (name !== undefined && Object.hasOwn(SUBCOMMANDS, name)) return (await SUBCOMMANDS[name]?.run(args)) ?? MISUSE;
  process.stderr.write(
    `sigedge: ${name === undefined ? "give a command" : `there is no command ${name}`}\n\n${USAGE}\n`,
  );
  return MISUSE;
}

process.exitCode = await main(process.argv.slice(2));
