// SPDX-License-Identifier: Apache-2.0
// The trust service with its repository over node:sqlite, on a clock that the test sets, and an operator who has the
// keys.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { createOfflineKey, createOnlineKey, type OfflineKey } from "../../../cli/tuf/keys.ts";
import { createRepository } from "../../../cli/tuf/repository.ts";
import type { TufView } from "../../../shared/rpc/tuf-repository.ts";
import { unixMs } from "../../../shared/time.ts";
import type { TargetDocuments } from "../../../shared/tuf/target-files.ts";
import type { OfflineTexts } from "../../../shared/tuf/trust-file.ts";
import type { TrustEnv } from "../../../workers/trust/env.ts";
import { readDeployed } from "../../../workers/trust/env.ts";
import service from "../../../workers/trust/index.ts";
import { openRepository } from "../../../workers/trust/repository/tuf-repository.ts";
import { valueOf } from "../value-of.ts";

/** The trust service of a test. */
export interface TufService {
  /** Deploys texts and a key like `wrangler deploy`: a new Durable Object over the same storage, and new isolates. */
  deploy(texts: OfflineTexts | null, onlineKey?: string): void;
  /** Starts a new Durable Object with the last deployment. */
  restart(): void;
  fetch(path: string, init?: RequestInit): Promise<Response>;
  /** The Durable Object's documents, without the service's cache. */
  view(): TufView;
  /** Copies the current storage, to restore it later. */
  copyStorage(): DatabaseSync;
  /** Makes the Durable Object's storage fail from now on. */
  breakDown(): void;
  putStorageBack(copy: DatabaseSync): void;
}

/** Options of the service. */
export interface TufServiceOptions {
  readonly publicUrl: string;
  /** Chains, logs and everything else that the service needs besides the repository. */
  readonly env: Omit<TrustEnv, "PUBLIC_URL" | "TUF" | "TUF_KEY" | "TRUST_FILE">;
  /** Milliseconds. */
  readonly now: () => number;
}

/** Creates a service without a deployment. */
export function tufService({ publicUrl, env, now }: TufServiceOptions): TufService {
  let database = new DatabaseSync(":memory:");
  let settings: TrustEnv = { PUBLIC_URL: publicUrl, TRUST_FILE: "{}" };
  let repository = valueOf(
    openRepository(
      readDeployed(settings),
      storageOf(() => database),
    ),
  );
  let serviceEnv: TrustEnv = {};
  const serve = (): TufView => repository.serve(unixMs(now()));
  const restart = (): void => {
    repository = valueOf(
      openRepository(
        readDeployed(settings),
        storageOf(() => database),
      ),
    );
    const TUF = { getByName: () => ({ serve: async () => structuredClone(serve()) }) } as unknown as TrustEnv["TUF"];
    serviceEnv = { ...env, ...settings, ...(TUF === undefined ? {} : { TUF }) };
  };
  restart();
  return {
    deploy(texts, onlineKey) {
      const TRUST_FILE = JSON.stringify(texts === null ? {} : { [publicUrl]: texts });
      settings = { ...settings, TRUST_FILE, ...(onlineKey === undefined ? {} : { TUF_KEY: onlineKey }) };
      restart();
    },
    restart,
    fetch: (path, init) => service.fetch(new Request(`${publicUrl}${path}`, init), serviceEnv),
    view: serve,
    copyStorage: () => copyOf(database),
    breakDown: () => database.close(),
    putStorageBack(copy) {
      database = copyOf(copy);
      restart();
    },
  };
}

function storageOf(database: () => DatabaseSync): Parameters<typeof openRepository>[1] {
  return {
    exec: (query, ...bindings) =>
      database()
        .prepare(query)
        .all(...bindings) as Record<string, SqlStorageValue>[],
    transactionSync(run) {
      database().exec("BEGIN");
      try {
        const value = run();
        database().exec("COMMIT");
        return value;
      } catch (error) {
        database().exec("ROLLBACK");
        throw error;
      }
    },
  };
}

function copyOf(database: DatabaseSync): DatabaseSync {
  const copy = new DatabaseSync(":memory:");
  for (const { name, sql } of database.prepare("SELECT name, sql FROM sqlite_master WHERE type = 'table'").all()) {
    copy.exec(String(sql));
    for (const row of database.prepare(`SELECT * FROM ${String(name)}`).all()) {
      const values = Object.values(row);
      copy.prepare(`INSERT INTO ${String(name)} VALUES (${values.map(() => "?").join()})`).run(...values);
    }
  }
  return copy;
}

/** An operator with offline keys. */
export interface TufOperator {
  /** Makes this many offline keys. */
  readonly keys: (count: number) => readonly OfflineKey[];
  readonly remove: () => void;
}

/** An operator with a folder of key files. */
export function tufOperator(): TufOperator {
  const folder = mkdtempSync(join(tmpdir(), "sigedge-operator-"));
  let made = 0;
  return {
    keys: (count) =>
      Array.from({ length: count }, () => valueOf(createOfflineKey(join(folder, `${made++}.pem`), null))),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** The first version of a repository. */
export interface FirstRepository {
  readonly texts: OfflineTexts;
  readonly root: readonly OfflineKey[];
  readonly targets: readonly OfflineKey[];
  /** The text of TUF_KEY. */
  readonly onlineKey: string;
}

/** Version 1: two of three root keys, one of two targets keys. */
export function createFirstRepository(operator: TufOperator, documents: TargetDocuments, now: number): FirstRepository {
  const [root, targets, online] = [operator.keys(3), operator.keys(2), createOnlineKey()];
  const texts = createRepository({
    root: { keys: root.map(({ key }) => key), threshold: 2 },
    targets: { keys: targets.map(({ key }) => key), threshold: 1 },
    online: online.key,
    documents,
    signers: [...root.slice(0, 2), ...targets.slice(0, 1)],
    now: unixMs(now),
  });
  return { texts: valueOf(texts), root, targets, onlineKey: online.pem };
}
