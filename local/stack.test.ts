// SPDX-License-Identifier: Apache-2.0

import { join } from "node:path";
import { expect, it } from "vitest";
import { unstable_readConfig } from "wrangler";
import { ROOT } from "../cli/root.ts";
import { WORKER } from "./stack.ts";

/** The part of wrangler's own reading of its file that counts here; the package's types do not reach that far. */
interface WranglerConfig {
  readonly name: string;
  readonly compatibility_date: string;
  readonly compatibility_flags: readonly string[];
  readonly migrations: readonly { readonly new_sqlite_classes?: readonly string[] }[];
  readonly durable_objects: { readonly bindings: readonly { readonly name: string; readonly class_name: string }[] };
  readonly r2_buckets: readonly { readonly binding: string; readonly bucket_name: string }[];
  readonly d1_databases: readonly { readonly binding: string; readonly database_id: string }[];
  readonly ratelimits: readonly { readonly name: string; readonly namespace_id: string; readonly simple: object }[];
}

/** What wrangler.toml says of the top level, or of a section, in the words of stack.ts. */
function configured(env?: string): unknown {
  const config: WranglerConfig = unstable_readConfig(
    { config: join(ROOT, "wrangler.toml"), env },
    { hideWarnings: true },
  );
  const sqliteClasses = new Set(config.migrations.flatMap((migration) => migration.new_sqlite_classes ?? []));
  return {
    name: config.name,
    compatibilityDate: config.compatibility_date,
    compatibilityFlags: config.compatibility_flags,
    durableObjects: Object.fromEntries(
      config.durable_objects.bindings.map(({ name, class_name: className }) => [
        name,
        { className, useSQLite: sqliteClasses.has(className) },
      ]),
    ),
    r2Buckets: Object.fromEntries(config.r2_buckets.map(({ binding, bucket_name: name }) => [binding, name])),
    d1Databases: Object.fromEntries(config.d1_databases.map(({ binding, database_id: id }) => [binding, id])),
    ratelimits: Object.fromEntries(
      config.ratelimits.map(({ name, namespace_id, simple }) => [name, { namespace_id, simple: { ...simple } }]),
    ),
  };
}

it("runs what wrangler.toml deploys", () => {
  expect(configured()).toEqual(WORKER);
});

it("and what wrangler dev -e dev runs, over storage of its own", () => {
  const dev = configured("dev");
  expect(dev).toMatchObject({
    compatibilityDate: WORKER.compatibilityDate,
    durableObjects: WORKER.durableObjects,
    ratelimits: WORKER.ratelimits,
  });
  expect(dev).not.toMatchObject({ r2Buckets: WORKER.r2Buckets });
  expect(dev).not.toMatchObject({ d1Databases: WORKER.d1Databases });
});
