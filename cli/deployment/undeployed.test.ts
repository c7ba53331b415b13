// SPDX-License-Identifier: Apache-2.0
// A rotation that was finished in the folder and never deployed, before and after the retirement that it planned.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from "vitest";
import {
  createRotatingDeployments,
  PASSPHRASE,
  type RotatingDeployments,
  runRotate,
} from "../../test/support/trust/rotating-deployment.ts";
import { valueOf } from "../../test/support/value-of.ts";
import { adviceFor } from "../doctor/advice.ts";
import { localChecks } from "../doctor/local-checks.ts";
import { openSite } from "../doctor/site.ts";
import { STATUS } from "../status/command.ts";
import { type Deployment, readDeployment } from "./deployment.ts";
import { readTrust } from "./trust-root.ts";
import { refuseOverdue } from "./undeployed.ts";

const DAY_MS = 86_400_000;
const START = Date.parse("2027-01-01T12:00:00Z");

let deployments: RotatingDeployments;
let deployment: Deployment;
/** The trusted root that the deployment serves. */
let served: string;
beforeAll(async () => {
  deployments = await createRotatingDeployments();
}, 120_000);
afterAll(() => deployments.remove());
beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"], now: START });
  vi.stubEnv("SIGEDGE_PASSPHRASE", PASSPHRASE);
  deployment = valueOf(readDeployment(deployments.copy())) ?? expect.fail("no deployment");
  served = signed();
  vi.stubGlobal("fetch", (url: string) =>
    Promise.resolve(
      new URL(url).pathname === "/trusted_root.json"
        ? new Response(served)
        : Response.json({ status: "SERVING", problems: [] }),
    ),
  );
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

/** The trusted root that the folder would deploy. */
const signed = (): string =>
  valueOf(readTrust(deployment.folder, deployment.publicUrl ?? expect.fail("no address"))).files["trusted_root.json"] ??
  expect.fail("no trusted root");

const rotate = async (...args: readonly string[]): Promise<void> => {
  expect(await runRotate(deployment.folder, "--no-check", ...args)).toMatchObject({ code: 0, error: "" });
};

async function doctor(): Promise<readonly string[]> {
  const site = openSite(deployment.publicUrl ?? expect.fail("no address"), adviceFor(deployment));
  const check = localChecks(deployment, site).find(({ name }) => name === "retired-keys");
  return (await check?.run())?.findings.map(({ level, finding, fix }) => `${level}: ${finding} → ${fix}`) ?? [];
}

async function status(): Promise<string> {
  let printed = "";
  vi.spyOn(process.stdout, "write").mockImplementation((text) => {
    printed += String(text);
    return true;
  });
  await STATUS.execute(["--dir", deployment.folder]);
  return printed;
}

it.each(["ca", "ca-root", "tsa", "tsa-root"])(
  "%s: deployed in time, it is fine; afterwards deploy refuses",
  async (what) => {
    await rotate(what, "--again");
    served = signed();
    vi.setSystemTime(START + 8 * DAY_MS);
    await rotate(what, "--finish");
    const finished = Date.now();
    expect(valueOf(await refuseOverdue(deployment, finished))).toBe("in time");
    expect(await doctor()).toEqual([expect.stringMatching(`^warning: the rotation of ${what} is not deployed`)]);
    expect(await status()).toContain(`the rotation of ${what} is not deployed`);

    vi.setSystemTime(finished + DAY_MS);
    const refused = await refuseOverdue(deployment, Date.now());
    expect(refused).toMatchObject({
      ok: false,
      error: expect.stringContaining(`npx sigedge rotate ${what} --finish --dir`),
    });
    expect(await doctor()).toEqual([expect.stringMatching("^error: .*still signs with it.*rotate")]);
    expect(await status()).toContain("still signs with it");

    // Follows the advice of the sentence.
    const [, time = "", file = ""] = /"retired": "([^"]+)" in (\S+);/.exec(refused.ok ? "" : refused.error) ?? [];
    expect(join(deployment.folder, "retired-keys.json")).toContain(file.replace(/^.*\//, ""));
    const path = join(deployment.folder, "retired-keys.json");
    writeFileSync(path, readFileSync(path, "utf8").replace(/"retired": "[^"]+"/g, `"retired": "${time}"`));
    await rotate(what, "--finish");
    expect(valueOf(await refuseOverdue(deployment, Date.now()))).toBe("in time");
    served = signed();
    expect(await doctor()).toEqual([]);
  },
);

it("a compromised key is retired in the past on purpose", async () => {
  await rotate("ca", "--compromised", "--since", "2026-12-31");
  expect(valueOf(await refuseOverdue(deployment, Date.now()))).toBe("in time");
  expect(await doctor()).toEqual([]);
});

it("a deployment that does not answer signs nothing", async () => {
  await rotate("ca", "--again");
  vi.setSystemTime(START + 8 * DAY_MS);
  await rotate("ca", "--finish");
  vi.setSystemTime(START + 10 * DAY_MS);
  vi.stubGlobal("fetch", () => Promise.reject(new Error("away")));
  expect(valueOf(await refuseOverdue(deployment, Date.now()))).toBe("in time");
});
