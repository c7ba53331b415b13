// SPDX-License-Identifier: Apache-2.0
// The objects that entries name by hash: the issuers of certificates. R2 has them before an entry that names them is
// acknowledged, because the settings that also have them change: an entry is readable for as long as its issuers are.
// Spec: https://c2sp.org/static-ct-api#issuers

import { objectKey } from "../../../shared/logs/config.ts";
import { ok, type Result } from "../../../shared/result.ts";
import type { LogDeps } from "../deps.ts";
import type { NamedObject } from "../kinds/kind.ts";
import type { Refusal } from "../recovery/refusal.ts";
import { ensureObject } from "./publish.ts";

/** Puts objects into R2, each once while the instance lives. A deployment has a handful of them. */
export class NamedObjects {
  readonly #deps: Pick<LogDeps, "config" | "objects">;
  readonly #stored = new Set<string>();

  constructor(deps: Pick<LogDeps, "config" | "objects">) {
    this.#deps = deps;
  }

  /** Whether R2 is known to have all of them. */
  has(objects: readonly NamedObject[]): boolean {
    return objects.every(({ path }) => this.#stored.has(path));
  }

  /**
   * Creates the objects that R2 is not known to have. Callers may overlap. Rejects if R2 fails; refuses if one exists
   * with other bytes.
   */
  async store(objects: readonly NamedObject[]): Promise<Result<null, Refusal>> {
    const { config, objects: bucket } = this.#deps;
    for (const { path, bytes } of objects) {
      if (this.#stored.has(path)) continue;
      const created = await ensureObject(bucket, objectKey(config, path), bytes);
      if (!created.ok) return created;
      this.#stored.add(path);
    }
    return ok(null);
  }
}
