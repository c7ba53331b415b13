// SPDX-License-Identifier: Apache-2.0

import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { findFreePort, LISTEN_ADDRESS } from "../cli/address.ts";
import { valueOf } from "../test/support/value-of.ts";
import { checkUnused, takeState } from "./state-use.ts";

let state: string;
let server: Server | null = null;

beforeEach(() => {
  state = mkdtempSync(join(tmpdir(), "sigedge-use-"));
});
afterEach(async () => {
  await new Promise((resolve) => (server === null ? resolve(null) : server.close(resolve)));
  server = null;
  rmSync(state, { recursive: true, force: true });
});

const file = (): string => join(state, "running.json");

/** The folder as a process leaves it. @param ageSeconds how long ago it started */
function usedBy(pid: number, port: number, ageSeconds = 0): void {
  writeFileSync(file(), JSON.stringify({ pid, port }));
  const at = Date.now() / 1000 - ageSeconds;
  utimesSync(file(), at, at);
}

async function listen(): Promise<number> {
  const port = valueOf(await findFreePort(0));
  const listener = createServer();
  server = listener;
  await new Promise<void>((resolve) => void listener.listen(port, LISTEN_ADDRESS, resolve));
  return port;
}

/** The id of a process that has ended. */
const endedPid = (): number => spawnSync(process.execPath, ["-e", ""]).pid;
/** A process that lives and is not this one. */
const OTHER = process.ppid;

describe("a state folder", () => {
  it("is taken, created if it does not exist, and names who took it", async () => {
    const fresh = join(state, "fresh");
    expect(await takeState(fresh, 8787)).toEqual({ ok: true, value: null });
    expect(JSON.parse(readFileSync(join(fresh, "running.json"), "utf8"))).toEqual({ pid: process.pid, port: 8787 });
  });

  it("is refused while another process serves from it", async () => {
    const port = await listen();
    usedBy(OTHER, port, 3600);
    const refusal = {
      ok: false,
      error: `process ${OTHER} uses the state folder ${state}, at port ${port}; stop it first`,
    };
    expect([await takeState(state, 8787), await checkUnused(state)]).toEqual([refusal, refusal]);
  });

  it("is refused while another process starts on it", async () => {
    usedBy(OTHER, valueOf(await findFreePort(0)));
    expect((await takeState(state, 8787)).ok).toBe(false);
  });

  it("is refused with the way out if a killed process has left its workerd", async () => {
    const port = await listen();
    const pid = endedPid();
    usedBy(pid, port, 3600);
    expect(await takeState(state, port)).toMatchObject({
      ok: false,
      error: expect.stringMatching(new RegExp(`^process ${pid}, .* was killed, .* port ${port}; .*kill \\$\\(lsof`)),
    });
  });

  it.each<[string, () => Promise<void>]>([
    ["has ended", async () => usedBy(endedPid(), valueOf(await findFreePort(0)))],
    ["had an id that another program has now", async () => usedBy(OTHER, valueOf(await findFreePort(0)), 3600)],
    [
      "left a damaged file",
      async () => {
        usedBy(OTHER, 1, 3600);
        writeFileSync(file(), "{");
        utimesSync(file(), 1, 1);
      },
    ],
  ])("is free if its last process %s", async (_, leave) => {
    await leave();
    expect(await checkUnused(state)).toEqual({ ok: true, value: null });
    expect(await takeState(state, 8787)).toEqual({ ok: true, value: null });
  });

  it("goes to one of many that take it at once", async () => {
    const script = `import { takeState } from "./local/state-use.ts"; console.log((await takeState(process.argv[1], 1)).ok); setTimeout(() => {}, 1500);`;
    const fresh = join(state, "contested");
    const outcomes = await Promise.all(
      Array.from({ length: 4 }, async () => {
        const child = spawn(process.execPath, ["--input-type=module", "-e", script, fresh], {
          cwd: join(import.meta.dirname, ".."),
        });
        let out = "";
        for await (const chunk of child.stdout) out += String(chunk);
        return out.trim();
      }),
    );
    expect(outcomes.toSorted()).toEqual(["false", "false", "false", "true"]);
    expect(existsSync(join(fresh, "running.json"))).toBe(false);
  });
});
