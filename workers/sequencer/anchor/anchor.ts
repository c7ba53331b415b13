// SPDX-License-Identifier: Apache-2.0
// The anchor of a log: a second Durable Object, with storage of its own, that holds the newest committed tree head. A
// sequencer whose storage went back in time disagrees with its anchor and refuses to sign a second history. For a log
// that we witness, the anchor holds the head that was cosigned last, and a head may follow only if its tree contains
// that one.

import { DurableObject } from "cloudflare:workers";
import type { Advance, CosignedAdvance } from "../../../shared/rpc/anchor.ts";
import type { TreeHead } from "../../../shared/tlog/head.ts";
import { durableStorage, type Storage } from "../platform/durable-storage.ts";
import {
  advanceAnchoredHead,
  exchangeAnchoredHead,
  prepareAnchoredHead,
  readAnchoredHead,
  readCosignedNote,
} from "./anchored-head.ts";

/** The anchor of one log. */
export class Anchor extends DurableObject {
  readonly #storage: Storage;

  constructor(ctx: DurableObjectState, env: object) {
    super(ctx, env);
    this.#storage = durableStorage(ctx.storage);
    prepareAnchoredHead(this.#storage);
  }

  /** The head that the anchor holds, null before the log's first. */
  read(): TreeHead | null {
    return readAnchoredHead(this.#storage);
  }

  /** See advanceAnchoredHead. Takes one turn of the event loop; the answer leaves only when the write is durable. */
  advance(step: Advance): boolean {
    return advanceAnchoredHead(this.#storage, step);
  }

  /** See exchangeAnchoredHead. Takes one turn, as advance does. */
  exchange(step: CosignedAdvance): { readonly isTaken: boolean; readonly held: TreeHead | null } {
    return exchangeAnchoredHead(this.#storage, step);
  }

  /** The cosigned checkpoint of the head of a log that we witness, null before the first. */
  readNote(): string | null {
    return readCosignedNote(this.#storage);
  }
}
