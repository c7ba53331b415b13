// SPDX-License-Identifier: Apache-2.0
// Checks the files that only GitHub reads: their YAML, their structure, and the rules that keep a workflow safe.
// Spec: https://docs.github.com/actions/reference/workflows-and-actions/workflow-syntax

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parseDocument } from "yaml";
import { ROOT } from "../../cli/root.ts";

interface Step {
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Readonly<Record<string, unknown>>;
}

interface Job {
  readonly "runs-on": string;
  readonly "timeout-minutes"?: number;
  readonly permissions?: Readonly<Record<string, string>>;
  readonly steps: readonly Step[];
}

interface Workflow {
  readonly name: string;
  readonly on: Readonly<Record<string, unknown>>;
  readonly permissions: Readonly<Record<string, string>>;
  readonly jobs: Readonly<Record<string, Job>>;
}

const read = (path: string): string => readFileSync(join(ROOT, path), "utf8");

/** Throws on a syntax error and on a warning, such as a duplicate key or an unresolved tag. */
function parseYaml(path: string): unknown {
  const document = parseDocument(read(path), { strict: true, uniqueKeys: true });
  const problems = [...document.errors, ...document.warnings];
  if (problems.length > 0) throw new Error(`${path}: ${problems.map(({ message }) => message).join("; ")}`);
  return document.toJS();
}

const WORKFLOWS = readdirSync(join(ROOT, ".github", "workflows")).map((file) => `.github/workflows/${file}`);
const workflow = (path: string): Workflow => parseYaml(path) as Workflow;
const stepsOf = (path: string): readonly Step[] => Object.values(workflow(path).jobs).flatMap(({ steps }) => steps);

describe.each(WORKFLOWS)("%s", (path) => {
  it("has what GitHub requires", () => {
    const { name, on, jobs } = workflow(path);
    expect(name).toMatch(/^\w+$/);
    expect(Object.keys(on)).not.toEqual([]);
    for (const job of Object.values(jobs)) {
      expect(job["runs-on"]).toMatch(/^ubuntu-\d\d\.04$/);
      expect(job["timeout-minutes"]).toBeLessThanOrEqual(120);
      for (const step of job.steps) expect([step.uses, step.run].filter((kind) => kind !== undefined)).toHaveLength(1);
    }
  });

  it("pins each action by commit and names its version", () => {
    const uses = read(path)
      .split("\n")
      .filter((line) => /\buses:/.test(line));
    expect(uses).not.toEqual([]);
    for (const line of uses) expect(line).toMatch(/uses: [\w.-]+\/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
  });

  it("starts from read access and keeps no credentials in the checkout", () => {
    expect(workflow(path).permissions).toEqual({ contents: "read" });
    expect(Object.keys(workflow(path).on)).not.toContain("pull_request_target");
    for (const { with: options } of stepsOf(path).filter(({ uses }) => uses?.startsWith("actions/checkout@")))
      expect(options?.["persist-credentials"]).toBe(false);
  });

  it("runs no command that a pull request's text could extend", () => {
    for (const { run = "" } of stepsOf(path)) expect(run).not.toMatch(/\$\{\{\s*(?:github\.event|inputs)\./);
  });

  it("calls npm scripts and files that exist", () => {
    const { scripts } = JSON.parse(read("package.json")) as { readonly scripts: Readonly<Record<string, string>> };
    for (const { run = "" } of stepsOf(path)) {
      for (const [, script = ""] of run.matchAll(/npm run ([\w:-]+)/g)) expect(Object.keys(scripts)).toContain(script);
      for (const [, file = ""] of run.matchAll(/bash (\S+)/g)) expect(existsSync(join(ROOT, file))).toBe(true);
    }
  });
});

describe("the release workflow", () => {
  const path = ".github/workflows/release.yml";
  const commands = stepsOf(path).map(({ run = "" }) => run);
  const indexOf = (pattern: RegExp): number => commands.findIndex((command) => pattern.test(command));

  it("publishes only the tarball that it tested, signed and verified, in that order", () => {
    const order = [/npm test/, /npm pack/, /cosign sign-blob/, /cosign verify-blob/, /npm publish .*--provenance/];
    const places = order.map(indexOf);
    expect(places).not.toContain(-1);
    expect(places).toEqual(places.toSorted((a, b) => a - b));
    expect(indexOf(/gh release create/)).toBeGreaterThan(indexOf(/npm publish/));
  });

  it("holds no secret: it proves who it is with an identity token", () => {
    expect(read(path)).not.toContain("secrets.");
    expect(Object.values(workflow(path).jobs).map(({ permissions }) => permissions)).toEqual([
      { contents: "write", "id-token": "write" },
    ]);
  });
});

describe("templates and updates", () => {
  const forms = ["bug.yml", "feature.yml"].map((file) => `.github/ISSUE_TEMPLATE/${file}`);

  it.each(forms)("%s is an issue form", (path) => {
    const form = parseYaml(path) as { name: string; description: string; body: readonly FormField[] };
    expect([typeof form.name, typeof form.description]).toEqual(["string", "string"]);
    const fields = form.body.filter(({ type }) => type !== "markdown");
    expect(new Set(fields.map(({ id }) => id)).size).toBe(fields.length);
    for (const { type, attributes } of form.body) {
      expect(["markdown", "textarea", "input", "dropdown"]).toContain(type);
      expect(typeof (type === "markdown" ? attributes.value : attributes.label)).toBe("string");
    }
    expect(fields.some(({ validations }) => validations?.required === true)).toBe(true);
  });

  it("vulnerabilities go to a private report", () => {
    const { contact_links: links } = parseYaml(".github/ISSUE_TEMPLATE/config.yml") as ChooserConfig;
    expect(links.map(({ url }) => url)).toContain("https://github.com/sigedge/sigedge/security/advisories/new");
  });

  it("dependabot watches all that is pinned", () => {
    const { version, updates } = parseYaml(".github/dependabot.yml") as DependabotConfig;
    expect(version).toBe(2);
    expect(updates.map((update) => update["package-ecosystem"])).toEqual(["npm", "github-actions", "docker"]);
  });
});

interface FormField {
  readonly type: string;
  readonly id?: string;
  readonly attributes: { readonly label?: string; readonly value?: string };
  readonly validations?: { readonly required?: boolean };
}

interface ChooserConfig {
  readonly contact_links: readonly { readonly url: string }[];
}

interface DependabotConfig {
  readonly version: number;
  readonly updates: readonly { readonly "package-ecosystem": string }[];
}
