// SPDX-License-Identifier: Apache-2.0
// The parts of a Cloudflare account that deploying Workers changes: Workers with their versions, secrets and Durable
// Object namespaces, buckets, databases. Rejects what the platform rejects, with its codes where wrangler reads them.

import { randomUUID } from "node:crypto";
import { gzipSync } from "node:zlib";

/** A binding as wrangler sends it: name, type and the members of that type. */
export type Binding = Readonly<Record<string, unknown>> & { readonly name: string; readonly type: string };

/** A text member of a binding; null if it is missing or no text. */
export function textOf(binding: Binding, key: string): string | null {
  const value = binding[key];
  return typeof value === "string" ? value : null;
}

/** The metadata part of an upload. */
export interface Metadata {
  readonly main_module?: string;
  readonly bindings?: readonly Binding[];
  readonly compatibility_date?: string;
  readonly compatibility_flags?: readonly string[];
  readonly keep_bindings?: readonly string[];
  readonly migrations?: {
    readonly old_tag?: string;
    readonly new_tag: string;
    readonly steps: readonly MigrationStep[];
  };
  readonly exports?: Readonly<Record<string, unknown>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

interface MigrationStep {
  readonly new_sqlite_classes?: readonly string[];
  readonly new_classes?: readonly string[];
  readonly deleted_classes?: readonly string[];
  readonly transferred_classes?: readonly {
    readonly from: string;
    readonly from_script: string;
    readonly to: string;
  }[];
}

/** A module of a script. */
export interface Module {
  readonly name: string;
  readonly type: string;
  readonly contents: string;
}

/** An uploaded script. */
export interface Upload {
  readonly metadata: Metadata;
  readonly modules: readonly Module[];
}

/** A version of a Worker. */
export interface Version extends Upload {
  readonly id: string;
  readonly number: number;
  readonly createdAt: string;
  /** With inherited bindings resolved. */
  readonly bindings: readonly Binding[];
}

/** A Worker of the account. */
export interface Worker {
  readonly name: string;
  readonly tag: string;
  readonly versions: Version[];
  /** Version ids, newest first. */
  readonly deployments: string[];
  migrationTag: string | null;
  workersDev: boolean;
  readonly domains: Set<string>;
  schedules: readonly string[];
}

/** A namespace: its storage outlives the script that owns it. */
export interface Namespace {
  readonly id: string;
  script: string;
  className: string;
}

/** An error of the API, with the platform's status and code. */
export class Refusal extends Error {
  readonly status: number;
  readonly code: number;

  constructor(status: number, code: number, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** The limits of the Free plan: https://developers.cloudflare.com/workers/platform/limits/ */
const MAX_VARIABLES = 64;
const MAX_VARIABLE_BYTES = 5 * 1024;
const MAX_GZIP_BYTES = 3 * 1024 * 1024;

/** An account that starts empty. */
export class Account {
  readonly workers = new Map<string, Worker>();
  readonly buckets = new Set<string>();
  /** Names by id. */
  readonly databases = new Map<string, string>();
  readonly namespaces: Namespace[] = [];
  /** Increases with every change of what runs. */
  generation = 0;

  worker(name: string): Worker {
    const worker = this.workers.get(name);
    if (worker === undefined) throw new Refusal(404, 10007, `This Worker does not exist on your account. (${name})`);
    return worker;
  }

  latestVersion(name: string): Version {
    const { versions, deployments } = this.worker(name);
    const version = versions.find(({ id }) => id === deployments[0]);
    if (version === undefined) throw new Refusal(404, 10222, "no version is deployed");
    return version;
  }

  /** Handles PUT of a script: the first version, or one that changes Durable Object classes; deployed at once. */
  putScript(name: string, upload: Upload): Version {
    const worker = this.workers.get(name) ?? createWorker(name);
    this.#migrate(worker, upload.metadata);
    const version = this.#version(worker, upload);
    this.workers.set(name, worker);
    worker.versions.push(version);
    this.deploy(name, version.id);
    return version;
  }

  /** Adds a version that serves no request before it is deployed. */
  addVersion(name: string, upload: Upload): Version {
    const worker = this.worker(name);
    if (upload.metadata.migrations !== undefined) {
      throw new Refusal(
        400,
        10211,
        "Version upload failed. You attempted to upload a version with a Durable Object migration.",
      );
    }
    const version = this.#version(worker, upload);
    worker.versions.push(version);
    return version;
  }

  deploy(name: string, versionId: string): void {
    const worker = this.worker(name);
    if (!worker.versions.some(({ id }) => id === versionId)) throw new Refusal(404, 10021, "no such version");
    worker.deployments.unshift(versionId);
    this.generation++;
  }

  /** Sets secrets; null deletes one. */
  patchSecrets(name: string, secrets: Readonly<Record<string, { readonly text: string } | null>>): void {
    const { metadata, modules, bindings } = this.latestVersion(name);
    const kept = bindings.filter((binding) => !(binding.name in secrets));
    const added = Object.entries(secrets).flatMap(([secret, value]) =>
      value === null ? [] : [{ name: secret, type: "secret_text", text: value.text }],
    );
    const version = this.addVersion(name, {
      metadata: { ...omitMigrations(metadata), bindings: [...kept, ...added] },
      modules,
    });
    this.deploy(name, version.id);
  }

  createBucket(name: string): void {
    if (!/^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/.test(name)) throw new Refusal(400, 10005, "The bucket name is not valid.");
    if (this.buckets.has(name)) throw new Refusal(409, 10004, "The bucket you tried to create already exists.");
    this.buckets.add(name);
    this.generation++;
  }

  createDatabase(name: string): { readonly uuid: string; readonly name: string } {
    if ([...this.databases.values()].includes(name))
      throw new Refusal(400, 7502, "A database with that name already exists");
    const uuid = randomUUID();
    this.databases.set(uuid, name);
    this.generation++;
    return { uuid, name };
  }

  database(idOrName: string): { readonly uuid: string; readonly name: string } {
    for (const [uuid, name] of this.databases) if (uuid === idOrName || name === idOrName) return { uuid, name };
    throw new Refusal(404, 7404, `The database ${idOrName} could not be found`);
  }

  #version(worker: Worker, upload: Upload): Version {
    const { metadata, modules } = upload;
    if (!modules.some(({ name }) => name === metadata.main_module)) throw new Refusal(400, 10021, "no main module");
    const bytes = modules.reduce((sum, { contents }) => sum + gzipSync(contents).length, 0);
    if (bytes > MAX_GZIP_BYTES) throw new Refusal(413, 10027, "Your Worker exceeded the size limit of 3 MiB.");
    const bindings = this.#bindings(worker, metadata);
    return {
      metadata,
      modules,
      bindings,
      id: randomUUID(),
      number: worker.versions.length + 1,
      createdAt: new Date().toISOString(),
    };
  }

  #bindings(worker: Worker, { bindings = [], keep_bindings: kept = [] }: Metadata): readonly Binding[] {
    const before = worker.versions.find(({ id }) => id === worker.deployments[0])?.bindings ?? [];
    const names = bindings.map(({ name }) => name);
    const twice = names.find((name, i) => names.indexOf(name) !== i);
    if (twice !== undefined) throw new Refusal(400, 10021, `binding ${twice} is there twice`);
    const resolved = bindings.map((binding) => {
      if (binding.type !== "inherit") return binding;
      const inherited = before.find(({ name }) => name === binding.name);
      if (inherited === undefined) throw new Refusal(400, 10057, `inherit binding '${binding.name}' is invalid`);
      return inherited;
    });
    const all = [...resolved, ...before.filter(({ name, type }) => kept.includes(type) && !names.includes(name))];
    const texts = all.filter(({ type }) => type === "plain_text" || type === "secret_text");
    if (texts.length > MAX_VARIABLES) throw new Refusal(400, 10055, `more than ${MAX_VARIABLES} variables and secrets`);
    for (const binding of all) this.#check(worker, binding);
    return all;
  }

  #check(worker: Worker, binding: Binding): void {
    const refuse = (code: number, reason: string): never => {
      throw new Refusal(400, code, `binding ${binding.name} of type ${binding.type} ${reason}`);
    };
    const text = (key: string): string => textOf(binding, key) ?? refuse(10021, `needs ${key}`);
    switch (binding.type) {
      case "plain_text":
      case "secret_text":
        if (Buffer.byteLength(text("text")) > MAX_VARIABLE_BYTES) refuse(10054, "is larger than 5 KB");
        return;
      case "d1":
        if (!this.databases.has(text("id"))) refuse(10181, "must have a valid `id` specified");
        return;
      case "r2_bucket":
        if (!this.buckets.has(text("bucket_name"))) refuse(10085, "names a bucket that does not exist");
        return;
      case "durable_object_namespace":
        if (this.namespace(textOf(binding, "script_name") ?? worker.name, text("class_name")) === null)
          refuse(10061, "names a class that no script has; it needs a migration");
        return;
      case "service":
        if (!this.workers.has(text("service"))) refuse(10143, "names a Worker that does not exist");
        return;
      case "ratelimit":
        if (!/^\d+$/.test(text("namespace_id"))) refuse(10021, "needs a numeric namespace_id");
        return;
      default:
        refuse(10021, "is unknown here");
    }
  }

  namespace(script: string, className: string): Namespace | null {
    return this.namespaces.find((known) => known.script === script && known.className === className) ?? null;
  }

  #migrate(worker: Worker, { migrations }: Metadata): void {
    if (migrations === undefined) return;
    const { old_tag: oldTag, new_tag: newTag, steps } = migrations;
    if ((oldTag ?? null) !== worker.migrationTag) {
      throw new Refusal(
        412,
        10079,
        `migration tag precondition failed; current tag is ${worker.migrationTag ?? "none"}`,
      );
    }
    for (const step of steps) this.#takeStep(worker.name, step);
    worker.migrationTag = newTag;
  }

  #takeStep(script: string, step: MigrationStep): void {
    for (const className of step.new_sqlite_classes ?? []) {
      if (this.namespace(script, className) !== null) throw new Refusal(400, 10074, `class ${className} exists`);
      this.namespaces.push({ id: randomUUID(), script, className });
    }
    if ((step.new_classes ?? []).length > 0) throw new Refusal(400, 10097, "the free plan has SQLite classes only");
    for (const className of step.deleted_classes ?? []) {
      const index = this.namespaces.findIndex((known) => known.script === script && known.className === className);
      if (index < 0) throw new Refusal(400, 10070, `class ${className} does not exist`);
      this.namespaces.splice(index, 1);
    }
    for (const { from, from_script: fromScript, to } of step.transferred_classes ?? []) {
      const known = this.namespace(fromScript, from);
      if (known === null) throw new Refusal(400, 10071, `script ${fromScript} has no class ${from}`);
      if (this.namespace(script, to) !== null) throw new Refusal(400, 10074, `class ${to} exists`);
      Object.assign(known, { script, className: to });
    }
  }
}

function createWorker(name: string): Worker {
  if (!/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(name)) throw new Refusal(400, 10016, "invalid Worker name");
  const tag = randomUUID().replaceAll("-", "");
  const domains = new Set<string>();
  return { name, tag, versions: [], deployments: [], migrationTag: null, workersDev: false, domains, schedules: [] };
}

function omitMigrations(metadata: Metadata): Metadata {
  const { migrations: _, ...rest } = metadata;
  return rest;
}
