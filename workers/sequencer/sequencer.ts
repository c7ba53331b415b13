// SPDX-License-Identifier: Apache-2.0
// The Durable Object of one log: RPC and alarm in front of log.ts, and the platform behind its ports.

import { DurableObject } from "cloudflare:workers";
import { encodeHex } from "../../shared/bytes/hex.ts";
import { verifyEd25519 } from "../../shared/crypto/verify-message.ts";
import type { LoggedCertificate } from "../../shared/ct/sct.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import type {
  AppendError,
  Appended,
  CertificateSubmission,
  Duplicate,
  LogDescription,
  SequencerRpc,
  SignatureSubmission,
  TailAnswer,
  TailEntry,
} from "../../shared/rpc/sequencer.ts";
import { formatRfc3339, unixMs } from "../../shared/time.ts";
import type { SignedTreeHead, TreeHead } from "../../shared/tlog/head.ts";
import { TILE_WIDTH } from "../../shared/tlog/tile.ts";
import type { AnchorPort, Host } from "./deps.ts";
import { type LogSetup, readLogSetup, type SequencerEnv } from "./env.ts";
import { certificateSubmission, signatureSubmission, signSct } from "./kinds/format.ts";
import { Log } from "./log.ts";
import { durableStorage } from "./platform/durable-storage.ts";
import { r2Objects } from "./platform/r2-objects.ts";
import { d1Index } from "./publication/index-feed.ts";
import { LogStorage, type State } from "./storage.ts";
import { readBundle, readEntry, readTile, type TailDeps } from "./tail.ts";
import { postToWitness } from "./witnessing/witness-client.ts";

/** DESIGN: an entry of the signature log; a certificate has about 1.6 kB, its precertificate the same again. */
const MAX_ENTRY_BYTES = 32 * 1024;
/** 144 copies a day at most: with two logs 8,640 of the million class A operations of R2 that a month is free of charge. */
const BACKUP_EVERY_MS = 600_000;
const ENTRY_TOO_LARGE = err({ code: "entry_too_large", maxBytes: MAX_ENTRY_BYTES } as const);

export class Sequencer
  extends DurableObject<SequencerEnv>
  implements Omit<SequencerRpc, keyof Rpc.DurableObjectBranded>
{
  readonly #setup: LogSetup;
  readonly #log: Log;
  readonly #storage: LogStorage;

  constructor(ctx: DurableObjectState, env: SequencerEnv) {
    super(ctx, env);
    const name = ctx.id.name ?? "";
    const setup = readLogSetup(env, name);
    // The services in front refuse every request of a deployment that is not configured: this is a bug, not a state.
    if (!setup.ok) throw new Error(setup.error.problems.join("; "));
    this.#setup = setup.value;
    this.#storage = new LogStorage(durableStorage(ctx.storage));
    this.#log = new Log({
      ...setup.value,
      storage: this.#storage,
      objects: r2Objects(env.TILES),
      index: d1Index(env.INDEX),
      anchor: anchorStub(env, name),
      host: durableHost(ctx),
      backupEveryMs: BACKUP_EVERY_MS,
      witnessing: setup.value.witnesses && { ...setup.value.witnesses, verify: verifyEd25519, post: postToWitness },
    });
  }

  async appendSignature(submission: SignatureSubmission): Promise<Result<Appended | Duplicate, AppendError>> {
    if (submission.body.length > MAX_ENTRY_BYTES) return ENTRY_TOO_LARGE;
    const appended = await this.#log.append(signatureSubmission(submission));
    return appended.ok ? ok(appended.value.answer) : appended;
  }

  async appendCertificate(submission: CertificateSubmission): Promise<Result<LoggedCertificate, AppendError>> {
    const { signedEntry, precertificate } = submission;
    if (signedEntry.length + (precertificate?.length ?? 0) > MAX_ENTRY_BYTES) return ENTRY_TOO_LARGE;
    const appended = await this.#log.append(certificateSubmission(submission));
    if (!appended.ok) return appended;
    const { placement } = appended.value;
    if (placement === null) throw new Error("a certificate without a placement");
    return ok(signSct(this.#setup.ecdsa, submission, placement));
  }

  async head(): Promise<SignedTreeHead> {
    await this.#log.openToRead();
    const shown = this.#log.head;
    if (shown === null) throw new Error("the log has no head yet");
    const { treeSize, rootHash, timestamp, checkpoint } = shown;
    return { treeSize, rootHash, timestamp, checkpoint };
  }

  async readTile(level: number, tileIndex: number, width: number): Promise<TailAnswer<Uint8Array>> {
    await this.#log.openToRead();
    return readTile(this.#opened(), level, tileIndex, width);
  }

  async readBundle(bundleIndex: number, width: number): Promise<TailAnswer<Uint8Array>> {
    await this.#log.openToRead();
    return readBundle(this.#opened(), bundleIndex, width);
  }

  async readEntry(leafIndex: number): Promise<TailAnswer<TailEntry>> {
    await this.#log.openToRead();
    return readEntry(this.#opened(), leafIndex);
  }

  async describe(): Promise<LogDescription> {
    await this.#log.openToRead();
    const { phase, identity, state, frozenAt } = this.#log;
    // A log that is lost is told of by its keys: what it has proven stays proven, and the trust root has to say so.
    if (identity === null && phase.kind !== "refusing") {
      throw new Error(phase.kind === "running" ? "no log" : phase.reason);
    }
    const { config, ecdsa, format } = this.#setup;
    return {
      origin: config.origin,
      createdAt: identity?.createdAt ?? unixMs(0),
      frozenAt,
      spki: ecdsa.spki,
      logId: ecdsa.logId,
      vkeys: format.vkeys,
      ...progressOf(state),
      witnessedSize: this.#log.witnessedSize,
      state: phase.kind === "running" && frozenAt !== null ? "frozen" : phase.kind,
      reason: phase.kind === "running" ? this.#frozenReason() : phase.reason,
    };
  }

  #frozenReason(): string | null {
    const { frozenAt } = this.#log;
    if (frozenAt === null) return null;
    const since = `frozen since ${formatRfc3339(frozenAt)}`;
    return this.#setup.config.isFrozen ? since : `${since}: SHARDS no longer says so, but nothing undoes it`;
  }

  /** Never throws: six failed alarms in a row would be the last. */
  override async alarm(): Promise<void> {
    await this.#log.catchUp();
  }

  /** What reads need; throws while the log has no head that the anchor knows. */
  #opened(): TailDeps {
    const { identity, state, edge, phase } = this.#log;
    if (identity === null || state === null) throw new Error(phase.kind === "running" ? "no log" : phase.reason);
    return { storage: this.#log.restored?.rows ?? this.#storage, format: this.#setup.format, state, edge };
  }
}

/** How far the log, R2 and D1 are; all at zero before the first head. */
function progressOf(
  state: State | null,
): Pick<LogDescription, "treeSize" | "publishedEntries" | "indexedEntries" | "headTimestamp"> {
  if (state === null) return { treeSize: 0, publishedEntries: 0, indexedEntries: 0, headTimestamp: null };
  const { treeSize, publishedTiles, indexed, timestamp } = state;
  return { treeSize, publishedEntries: publishedTiles * TILE_WIDTH, indexedEntries: indexed, headTimestamp: timestamp };
}

/** A stub that has thrown stays broken: each call gets a new one. */
function anchorStub(env: SequencerEnv, name: string): AnchorPort {
  return {
    read: async () => await env.ANCHOR.getByName(name).read(),
    advance: async ({ from, to }) =>
      await env.ANCHOR.getByName(name).advance({ from: from && bareHead(from), to: bareHead(to) }),
  };
}

const bareHead = ({ treeSize, rootHash }: TreeHead): TreeHead => ({ treeSize, rootHash });

function durableHost(ctx: DurableObjectState): Host {
  return {
    now: () => unixMs(Date.now()),
    randomId: () => encodeHex(crypto.getRandomValues(new Uint8Array(16))),
    abort: (reason) => ctx.abort(reason),
    keepAlive: (work) => ctx.waitUntil(work),
    pause: async (milliseconds) => await scheduler.wait(milliseconds),
    // Durable with the transaction of the same turn; nobody waits for it.
    setAlarm: (at) => void ctx.storage.setAlarm(at),
    after(milliseconds, callback) {
      const timer = setTimeout(callback, milliseconds);
      return () => clearTimeout(timer);
    },
    logLine: (event, data) => console.log(JSON.stringify({ event, ...data })),
  };
}
