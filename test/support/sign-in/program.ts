// SPDX-License-Identifier: Apache-2.0
// A program by others that signs a person in: what it opens in a browser, what it says, what it is told.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { delimiter, dirname, join } from "node:path";

/** How a program is run. */
export interface ProgramOptions {
  /** Its working folder and home. */
  readonly folder: string;
  /** Folders of programs, before those of PATH. */
  readonly path?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Whether it can open a browser. */
  readonly browser?: "opens" | "fails";
}

/** How a program has ended. */
interface ProgramEnd {
  /** Null if a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  /** Both outputs, as they came. */
  readonly output: string;
}

/** A running program. */
export interface Program {
  /** The address that it opens in a browser. Rejects if the program ends without. */
  readonly opened: Promise<string>;
  /** Waits until its output has the pattern. Rejects if the program ends without. */
  readonly says: (pattern: RegExp) => Promise<RegExpExecArray>;
  /** Types a line. */
  readonly type: (line: string) => void;
  readonly ended: Promise<ProgramEnd>;
  /** Ends it and its children. */
  readonly stop: () => void;
}

/** Starts a command. Its browser is a script that reports the address and returns at once, as desktop's do. */
export async function startProgram(
  [command = "", ...args]: readonly string[],
  { folder, path = [], env = {}, browser = "opens" }: ProgramOptions,
): Promise<Program> {
  const opener = await startOpener(folder, browser);
  const child = spawn(command, args, {
    cwd: folder,
    env: {
      PATH: [dirname(opener.script), ...path, dirname(process.execPath), process.env["PATH"] ?? ""].join(delimiter),
      HOME: folder,
      BROWSER: opener.script,
      TERM: "dumb",
      ...env,
    },
    stdio: ["pipe", "pipe", "pipe"],
    detached: true,
  });
  const program = listen(child, opener.opened);
  void program.ended.then(opener.stop);
  return program;
}

interface Opener {
  readonly script: string;
  readonly opened: Promise<string>;
  readonly stop: () => void;
}

async function startOpener(folder: string, browser: "opens" | "fails"): Promise<Opener> {
  const server = createServer();
  const opened = new Promise<string>((resolve) => {
    server.on("request", (request, response) => {
      let body = "";
      request.setEncoding("utf8").on("data", (part: string) => (body += part));
      request.on("end", () => {
        response.end();
        resolve(body);
      });
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const script = join(folder, "browser", "xdg-open");
  mkdirSync(dirname(script), { recursive: true });
  // Go waits for the opener before it reads what its own listener got.
  const report = `curl -sS -o /dev/null --data-raw "$1" http://127.0.0.1:${port}/ > /dev/null 2>&1 &`;
  writeFileSync(script, browser === "opens" ? `#!/bin/sh\n${report}\n` : "#!/bin/sh\nexit 1\n");
  chmodSync(script, 0o755);
  for (const name of ["x-www-browser", "www-browser"]) {
    writeFileSync(join(folder, "browser", name), "#!/bin/sh\nexit 1\n");
    chmodSync(join(folder, "browser", name), 0o755);
  }
  const stop = (): void => {
    server.closeAllConnections();
    server.close();
  };
  return { script, opened, stop };
}

function listen(child: ChildProcess, opened: Promise<string>): Program {
  let stdout = "";
  let output = "";
  const looks = new Set<() => void>();
  const take = (part: string): void => {
    output += part;
    for (const look of looks) look();
  };
  child.stdout?.setEncoding("utf8").on("data", (part: string) => {
    stdout += part;
    take(part);
  });
  child.stderr?.setEncoding("utf8").on("data", take);
  // A program that does not read what it is told has ended.
  child.stdin?.on("error", () => undefined);
  const ended = new Promise<ProgramEnd>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, stdout, output }));
  });
  const failed = ended.then(({ code }) => Promise.reject(new Error(`the program ended with ${code}:\n${output}`)));
  failed.catch(() => undefined);
  const openedInTime = Promise.race([opened, failed]);
  // Nobody has to wait for it.
  openedInTime.catch(() => undefined);
  return {
    opened: openedInTime,
    says: (pattern) =>
      Promise.race([
        new Promise<RegExpExecArray>((resolve) => {
          const look = (): void => {
            const found = pattern.exec(output);
            if (found !== null) resolve(found);
          };
          looks.add(look);
          look();
        }),
        failed,
      ]),
    type: (line) => child.stdin?.write(`${line}\n`),
    ended,
    stop: () => {
      if (child.exitCode === null && child.signalCode === null && child.pid !== undefined) {
        process.kill(-child.pid, "SIGKILL");
      }
    },
  };
}
