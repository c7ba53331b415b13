// SPDX-License-Identifier: Apache-2.0

import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { unstable_readConfig } from "wrangler";
import { ROOT } from "../cli/root.ts";
import { type Binding, type Bindings, isOptional } from "../shared/settings/binding.ts";
import { DECLARATIONS, DECLARED_SERVICES, mergeBindings } from "../workers/declarations.ts";
import { STATIC, WORKER } from "./stack.ts";

/** The parts of wrangler's configuration that are compared. The package declares no types for them. */
interface WranglerConfig {
  readonly name: string;
  readonly compatibility_date: string;
  readonly compatibility_flags: readonly string[];
  readonly migrations: readonly { readonly new_sqlite_classes?: readonly string[] }[];
  readonly durable_objects: {
    readonly bindings: readonly {
      readonly name: string;
      readonly class_name: string;
      readonly script_name?: string;
    }[];
  };
  readonly r2_buckets: readonly { readonly binding: string; readonly bucket_name: string }[];
  readonly d1_databases: readonly {
    readonly binding: string;
    readonly database_name: string;
    readonly database_id: string;
  }[];
  readonly ratelimits: readonly {
    readonly name: string;
    readonly namespace_id: string;
    readonly simple: { readonly limit: number; readonly period: number };
  }[];
  readonly assets?: unknown;
  readonly main?: string;
  readonly preview_urls?: boolean;
  readonly workers_dev?: boolean;
  readonly triggers: { readonly crons?: readonly string[] };
  readonly observability?: unknown;
  readonly send_email?: readonly { readonly name: string }[];
  readonly services?: readonly { readonly binding: string; readonly service: string; readonly entrypoint?: string }[];
}

const read = (env?: string): WranglerConfig =>
  unstable_readConfig({ config: join(ROOT, "wrangler.toml"), env }, { hideWarnings: true });

const sqliteClasses = ({ migrations }: WranglerConfig): readonly string[] =>
  migrations.flatMap((migration) => migration.new_sqlite_classes ?? []);

/** The bindings of a section of wrangler.toml as rows of a declaration. @param service the service of the section */
function configuredBindings(config: WranglerConfig, service: string | null): Bindings {
  const ownerOf = (script: string | undefined): string | undefined =>
    script?.replace(/^sigedge-/, "") ?? service ?? undefined;
  const rows: readonly (readonly [string, unknown])[] = [
    ...config.durable_objects.bindings.map(
      ({ name, class_name: className, script_name: script }) =>
        [name, { kind: "durable_object", className, owner: ownerOf(script) }] as const,
    ),
    ...config.r2_buckets.map(({ binding, bucket_name: bucketName }) => [binding, { kind: "r2", bucketName }] as const),
    ...config.d1_databases.map(
      ({ binding, database_name: databaseName, database_id: databaseId }) =>
        [binding, { kind: "d1", databaseName, databaseId }] as const,
    ),
    ...config.ratelimits.map(
      ({ name, namespace_id: namespaceId, simple }) =>
        [name, { kind: "rate_limit", namespaceId, limit: simple.limit, periodSeconds: simple.period }] as const,
    ),
    ...(config.send_email ?? []).map(({ name }) => [name, { kind: "send_email" }] as const),
    ...(config.services ?? []).map(
      ({ binding, service: script, entrypoint }) =>
        [binding, { kind: "entrypoint", service: ownerOf(script), entrypoint }] as const,
    ),
  ];
  return Object.fromEntries(rows) as Bindings;
}

/** A deployment whose account lacks what is optional deploys wrangler.toml as it is. */
const withoutOptional = (rows: Bindings): Bindings =>
  Object.fromEntries(Object.entries(rows).filter(([, row]) => !isOptional(row)));

/** The composed Worker implements every class, so its section names no owner. */
const withoutOwner = (rows: Bindings): unknown =>
  Object.fromEntries(
    Object.entries(rows).map(([name, row]) => [
      name,
      row.kind === "durable_object" ? { ...row, owner: undefined } : row,
    ]),
  );

const ownedClasses = (rows: readonly Binding[], service: string): readonly string[] =>
  rows.flatMap((row) => (row.kind === "durable_object" && row.owner === service ? [row.className] : []));

/** Every section of wrangler.toml that is deployed; undefined for the top level. */
const SECTIONS = [undefined, "dev", "gateway", ...DECLARED_SERVICES] as const;

describe("every section of wrangler.toml", () => {
  it.each(SECTIONS)("runs under the flags of the local stack: %s", (section) => {
    const config = read(section);
    expect(config.compatibility_date).toBe(WORKER.compatibilityDate);
    expect(config.compatibility_flags).toEqual(WORKER.compatibilityFlags);
  });

  it.each(SECTIONS)("has a cron exactly if its Worker has a scheduled handler: %s", async (section) => {
    const { main, triggers } = read(section);
    const { default: worker } = (await import(main ?? "")) as { readonly default?: object };
    expect(triggers.crons ?? []).toHaveLength(worker !== undefined && "scheduled" in worker ? 1 : 0);
  });

  it.each(SECTIONS)("has no preview address, and no address of its own behind the gateway: %s", (section) => {
    const { preview_urls: previews, workers_dev: workersDev } = read(section);
    const isBehind = DECLARED_SERVICES.some((service) => service === section);
    expect([previews, workersDev === false]).toEqual([false, isBehind]);
  });

  it.each(SECTIONS)("keeps the headers and queries of requests out of the logs: %s", (section) => {
    expect(read(section).observability).toEqual({
      enabled: true,
      redact_query_string: true,
      logs: { enabled: true, invocation_logs: false },
    });
  });
});

describe("wrangler.toml", () => {
  it("deploys what a local stack runs", () => {
    const config = read();
    const { name, compatibility_date: compatibilityDate, compatibility_flags: compatibilityFlags } = config;
    expect(WORKER).toMatchObject({ name, compatibilityDate, compatibilityFlags });
    const classes = Object.values(WORKER.durableObjects).map(({ className }) => className);
    expect(sqliteClasses(config).toSorted()).toEqual(classes.toSorted());
  });

  it.each([undefined, "dev", "gateway"])("serves the same files before the Worker: %s", (section) => {
    expect(read(section).assets).toEqual({ directory: STATIC, html_handling: "none" });
  });

  it("binds at the top level what the services declare", () => {
    expect(configuredBindings(read(), null)).toEqual(withoutOwner(withoutOptional(mergeBindings())));
  });

  it("binds the same in [env.dev], over storage of its own", () => {
    const config = read("dev");
    expect(config.compatibility_date).toBe(WORKER.compatibilityDate);
    const { TILES, INDEX, ...dev } = configuredBindings(config, null);
    const { TILES: tiles, INDEX: index, ...composed } = withoutOptional(mergeBindings());
    expect(dev).toEqual(withoutOwner(composed));
    expect([TILES?.kind, INDEX?.kind]).toEqual([tiles?.kind, index?.kind]);
    expect(TILES).not.toEqual(tiles);
    expect(INDEX).not.toEqual(index);
  });

  it.each(DECLARED_SERVICES)("binds in [env.%s] what the service declares, and creates its classes", (service) => {
    const config = read(service);
    const { bindings } = DECLARATIONS[service];
    expect(configuredBindings(config, service)).toEqual(withoutOptional(bindings));
    expect(sqliteClasses(config)).toEqual(ownedClasses(Object.values(bindings), service));
  });

  it("binds in [env.gateway] every service, and nothing else", () => {
    const rows = DECLARED_SERVICES.map((service) => [service.toUpperCase(), { kind: "entrypoint", service }]);
    expect(configuredBindings(read("gateway"), "gateway")).toEqual(Object.fromEntries(rows));
  });
});
