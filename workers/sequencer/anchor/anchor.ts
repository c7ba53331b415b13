// SPDX-License-Identifier: Apache-2.0
// The anchor of a log: a second Durable Object with storage of its own that remembers the newest committed tree head. A
// sequencer whose storage went back in time is not where the anchor is, and refuses to sign a second history. The same of a log
// that we witness: the head that was cosigned last, and no other may follow that does not contain it.

import { DurableObject } from "cloudflare:workers";
import type { TreeHead } from "../../../shared/tlog/head.ts";
import type { Advance, Storage } from "../deps.ts";
import { durableStorage } from "../platform/durable-storage.ts";
import { advanceAnchoredHead, exchangeAnchoredHead, prepareAnchoredHead, readAnchoredHead } from "./anchored-head.ts";

export class Anchor extends DurableObject {
  readonly #storage: Storage;

  constructor(ctx: DurableObjectState, env: object) {
    super(ctx, env);
    this.#storage = durableStorage(ctx.storage);
    prepareAnchoredHead(this.#storage);
  }

  /** The head it holds, null before the log's first. */
  read(): TreeHead | null {
    return readAnchoredHead(this.#storage);
  }

  /** One turn of the event loop; the answer leaves only when the write is durable. */
  advance(step: Advance): boolean {
    return advanceAnchoredHead(this.#storage, step);
  }

  /** The same. */
  exchange(step: Advance): { readonly isTaken: boolean; readonly held: TreeHead | null } {
    return exchangeAnchoredHead(this.#storage, step);
  }
}
