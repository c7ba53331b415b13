// SPDX-License-Identifier: Apache-2.0
// Checks the tree against the rules of `npm create cloudflare -- --template` (C3) and of the Deploy to Cloudflare
// button. C3 downloads the default branch without its history, requires package.json and a Wrangler configuration, and
// takes top-level folders named js and ts for variants. The button reads names and ids of resources from the Wrangler
// configuration, descriptions from package.json, and runs the scripts `build` and `deploy`.
// Spec: https://developers.cloudflare.com/pages/get-started/c3/#cli-arguments,
// https://developers.cloudflare.com/workers/platform/deploy-buttons/

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { experimental_readRawConfig as readRawConfig } from "wrangler";
import { ROOT } from "../../cli/root.ts";

interface Manifest {
  readonly name: string;
  readonly workspaces?: unknown;
  readonly scripts: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
  readonly cloudflare: { readonly bindings: Readonly<Record<string, { readonly description: string }>> };
}

interface WranglerToml {
  readonly name: string;
  readonly main: string;
  readonly compatibility_date: string;
  readonly durable_objects: { readonly bindings: readonly { readonly name: string }[] };
  readonly r2_buckets: readonly { readonly binding: string; readonly bucket_name: string }[];
  readonly d1_databases: readonly Readonly<Record<string, string>>[];
}

const text = (path: string): string => readFileSync(join(ROOT, path), "utf8");
const manifest = JSON.parse(text("package.json")) as Manifest;
const config = readRawConfig({ config: join(ROOT, "wrangler.toml") }).rawConfig as unknown as WranglerToml;

describe("a template of create-cloudflare", () => {
  it("has package.json, a Wrangler configuration, and the Worker that it names", () => {
    expect(existsSync(join(ROOT, config.main))).toBe(true);
    expect(config.name).toBe("sigedge");
    expect(config.compatibility_date).toMatch(/^20\d\d-\d\d-\d\d$/);
  });

  it("has no folder that would be taken for a language variant", () => {
    for (const folder of ["js", "ts"]) expect(existsSync(join(ROOT, folder))).toBe(false);
  });

  it("installs from the registry alone: no workspaces, links or submodules", () => {
    expect(manifest.workspaces).toBeUndefined();
    expect(existsSync(join(ROOT, ".gitmodules"))).toBe(false);
    const versions = Object.values({ ...manifest.dependencies, ...manifest.devDependencies });
    for (const version of versions) expect(version).toMatch(/^\d+\.\d+\.\d+(?:-\w+)?$/);
    expect(text("package-lock.json")).not.toMatch(/"resolved": "(?!https:\/\/registry\.npmjs\.org\/)/);
  });

  it("ignores what Wrangler writes", () => {
    expect(text(".gitignore")).toMatch(/^\.wrangler\/$/m);
    expect(text(".gitignore")).toMatch(/^\.dev\.vars\*$/m);
  });

  it("has the scripts that C3 calls after it has copied the files", () => {
    expect(Object.keys(manifest.scripts)).toEqual(expect.arrayContaining(["start", "deploy"]));
  });
});

describe("the Deploy to Cloudflare button", () => {
  const bindings = [
    ...config.durable_objects.bindings.map(({ name }) => name),
    ...config.r2_buckets.map(({ binding }) => binding),
    ...config.d1_databases.map(({ binding = "" }) => binding),
  ];

  it("finds default names and ids for every resource that it provisions", () => {
    for (const { bucket_name: name } of config.r2_buckets) expect(name).toMatch(/^sigedge-/);
    for (const database of config.d1_databases) {
      expect(database["database_name"]).toMatch(/^sigedge-/);
      expect(database["database_id"]).toMatch(/^[0-9a-f-]{36}$/);
    }
  });

  it("describes every binding", () => {
    expect(Object.keys(manifest.cloudflare.bindings).toSorted()).toEqual(bindings.toSorted());
    for (const { description } of Object.values(manifest.cloudflare.bindings)) expect(description).not.toBe("");
  });

  it("applies the migrations by the binding's name, since people rename the database", () => {
    expect(manifest.scripts["deploy"]).toContain("wrangler d1 migrations apply INDEX --remote");
    expect(Object.keys(manifest.scripts)).not.toContain("build");
  });

  it("points at the repository that package.json names", () => {
    const { repository } = manifest as unknown as { readonly repository: { readonly url: string } };
    const url = /deploy\.workers\.cloudflare\.com\/\?url=(https:[^)\s]+)/.exec(text("README.md"))?.[1];
    expect(repository.url).toBe(`git+${url}.git`);
  });
});
