// SPDX-License-Identifier: Apache-2.0
// The narrowed environments of workers/compose.ts are the only way to a secret: workerd gives nobody the whole one
// through process.env or `import { env } from "cloudflare:workers"`.

import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import { afterEach, expect, it } from "vitest";
import { bundleWorker } from "../../local/bundle.ts";
import { WORKER } from "../../local/stack.ts";
import { DECLARATIONS, DECLARED_SERVICES, settingNames } from "../../workers/declarations.ts";

const NAMES = [...new Set(DECLARED_SERVICES.flatMap((service) => settingNames(DECLARATIONS[service].settings)))];

let workerd: Miniflare;
afterEach(() => workerd.dispose());

/** Returns the part of an environment with every setting that a Worker with these flags sees. */
async function visibleWith(compatibilityFlags: readonly string[]): Promise<Readonly<Record<string, unknown>>> {
  const contents = await bundleWorker("test/support/process/environment-worker.ts");
  workerd = new Miniflare(
    convertV4MiniflareOptions({
      compatibilityDate: WORKER.compatibilityDate,
      compatibilityFlags: [...compatibilityFlags],
      modules: [{ type: "ESModule", path: "worker.mjs", contents }],
      bindings: Object.fromEntries(NAMES.map((name) => [name, "a secret"])),
      cf: false,
      telemetry: { enabled: false },
    }),
  );
  return (await (await workerd.dispatchFetch("http://localhost")).json()) as Readonly<Record<string, unknown>>;
}

it("no setting of any service is found beside the environment that is passed on", async () => {
  const visible = await visibleWith(WORKER.compatibilityFlags);
  expect(visible).toEqual({ given: expect.arrayContaining(NAMES), process: [], imported: [], byName: [] });
});

it("without the flag the platform gives every setting to everybody, so this test would notice", async () => {
  const flags = WORKER.compatibilityFlags.filter((flag) => flag !== "disallow_importable_env");
  expect(await visibleWith(flags)).toMatchObject({ byName: expect.arrayContaining(NAMES) });
});
