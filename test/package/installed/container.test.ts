// SPDX-License-Identifier: Apache-2.0
// Runs what the image runs, without an engine: the build stage's commands in an empty folder with the files of
// the build context, then the final stage's command, health check and signal, as the user that runs this test.

import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { findFreePort, localUrl } from "../../../cli/address.ts";
import { ROOT } from "../../../cli/root.ts";
import { listenerPid } from "../../support/process/listener.ts";
import { valueOf } from "../../support/value-of.ts";
import { isInContext, readDockerfile, readMonitorDockerfile, type Stage, textsOf, wordsOf } from "../dockerfile.ts";
import { type Running, type UserFolder, userFolder } from "./folder.ts";

const [build, final] = readDockerfile() as readonly [Stage, Stage];

let machine: UserFolder;
/** The image has the Node that this runs on. */
const nodePath = (): string => `${dirname(process.execPath)}:${process.env["PATH"]}`;

/** Paths of the image, as paths of a folder on this machine. */
const onThisMachine = (command: string): string =>
  command.replaceAll(/(?<=^|[\s"'])(\/(?:src|opt|tmp|state)\b)/g, `${machine.path}$1`);

beforeAll(async () => {
  machine = userFolder();
  for (const folder of ["src", "opt", "tmp", "state"]) mkdirSync(join(machine.path, folder));
  const files = execFileSync("git", ["ls-files", "-coz", "--exclude-standard"], { cwd: ROOT, encoding: "utf8" });
  for (const file of files.split("\0").filter((path) => path !== "" && isInContext(path))) {
    mkdirSync(dirname(join(machine.path, "src", file)), { recursive: true });
    cpSync(join(ROOT, file), join(machine.path, "src", file));
  }
  for (const command of textsOf(build, "RUN")) {
    const { code, stdout, stderr } = await shell(`cd ${machine.path}/src && ${onThisMachine(command)}`).ended;
    if (code !== 0) throw new Error(`RUN ${command}: exit code ${code}\n${stdout}${stderr}`);
  }
}, 600_000);

afterAll(() => machine.remove());

const shell = (line: string, env: Readonly<Record<string, string>> = {}): Running =>
  machine.start(`bash -euc ${quoted(line)}`, { PATH: nodePath(), ...env });

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

it("installs the locked versions of what runs, and no tool of the developers", () => {
  const folder = join(machine.path, "opt", "sigedge");
  const lock = JSON.parse(readFileSync(join(ROOT, "package-lock.json"), "utf8")) as {
    readonly packages: Readonly<Record<string, { readonly version: string; readonly dev?: boolean }>>;
  };
  const installed = readdirSync(join(folder, "node_modules")).filter((name) => !/^[.@]/.test(name));
  expect(installed).toEqual(expect.arrayContaining(["wrangler", "miniflare", "workerd", "yaml"]));
  for (const name of installed) {
    const manifest = JSON.parse(readFileSync(join(folder, "node_modules", name, "package.json"), "utf8")) as object;
    expect(manifest).toMatchObject({ version: lock.packages[`node_modules/${name}`]?.version });
    expect(lock.packages[`node_modules/${name}`]?.dev, name).not.toBe(true);
  }
});

it("starts, is healthy, keeps its state in the volume and ends at SIGTERM", async () => {
  const port = valueOf(await findFreePort(0));
  const entry = join(machine.path, "opt", "sigedge", "cli", "sigedge.mjs");
  const command = wordsOf(onThisMachine(textsOf(final, "CMD")[0] ?? "")).join(" ");
  const env = Object.fromEntries(textsOf(final, "ENV").map((text) => text.split("=") as [string, string]));
  const running = machine.start(`node ${entry} ${command} --port ${port}`, { PATH: nodePath(), ...env });
  const health = wordsOf((textsOf(final, "HEALTHCHECK")[0] ?? "").replace(/^.* CMD /, ""));
  const check = health.map((word) => quoted(word.replace("localhost:8787", `localhost:${port}`))).join(" ");
  try {
    await vi.waitUntil(async () => (await shell(check).ended).code === 0, { timeout: 60_000, interval: 500 });
    expect((await fetch(`${localUrl(port)}/trusted_root.json`)).status).toBe(200);
    expect(readdirSync(join(machine.path, "state"))).toEqual(expect.arrayContaining(["keys", "storage", "tuf"]));
  } finally {
    running.process.kill("SIGTERM");
  }
  expect(await running.ended).toMatchObject({ code: 0 });
  expect(listenerPid(port)).toBeNull();
  expect((await shell(check).ended).code).toBe(1);
});

/** The command of the page's container file without its program, with the paths of this machine. */
function documentedMonitor(): string {
  const stage = readMonitorDockerfile();
  const words = ["ENTRYPOINT", "CMD"].flatMap((name) => wordsOf(textsOf(stage, name)[0] ?? "[]"));
  return onThisMachine(words.slice(1).join(" ")).replace("/etc/monitor.yaml", join(machine.path, "monitor.yaml"));
}

it("monitors as docs/monitoring.md says, and goes on after a crash where the volume says", async () => {
  const port = valueOf(await findFreePort(0));
  const entry = join(machine.path, "opt", "sigedge", "cli", "sigedge.mjs");
  const state = join(machine.path, "tmp", "watched");
  const env = { PATH: nodePath(), NODE_ENV: "production", SIGEDGE_IN_CONTAINER: "1" };
  writeFileSync(join(machine.path, "monitor.yaml"), "watch:\n  - name: me\n    identity: alice@example.com\n");
  const served = machine.start(`node ${entry} start --port ${port} --state ${state}`, env);
  const command = documentedMonitor().replace("https://sign.example.com", localUrl(port));
  expect(command).toContain("--interval 300");
  const monitor = async (signal: NodeJS.Signals): Promise<string> => {
    const running = machine.start(`node ${entry} ${command}`, env);
    let said = "";
    running.process.stdout?.on("data", (text: string) => (said += text));
    const hasEnded = (): boolean => running.process.exitCode !== null;
    await vi.waitUntil(() => said.includes("exit code") || hasEnded(), { timeout: 60_000, interval: 100 });
    running.process.kill(signal);
    return said + (await running.ended).stderr;
  };
  try {
    await vi.waitUntil(() => listenerPid(port) !== null, { timeout: 60_000, interval: 500 });
    expect(await monitor("SIGKILL")).toMatch(/scanned \[0, 1\) of log .* no gap[\s\S]*\(exit code 0\)/);
    expect(await monitor("SIGTERM")).toMatch(/scanned \[1, 1\) of log .* no gap[\s\S]*\(exit code 0\)/);
  } finally {
    served.process.kill("SIGTERM");
    await served.ended;
  }
});
