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
  EntryPromise,
  LogDescription,
  PromisedEntry,
  SequencerRpc,
  SignatureSubmission,
  TailAnswer,
  TailEntry,
} from "../../shared/rpc/sequencer.ts";
import { unixMs } from "../../shared/time.ts";
import { type Hash, hash, leafHash } from "../../shared/tlog/hash.ts";
import type { SignedTreeHead, TreeHead } from "../../shared/tlog/head.ts";
import type { AnchorPort, Host } from "./deps.ts";
import { type LogSetup, readLogSetup, type SequencerEnv } from "./env.ts";
import { certificateSubmission, signSct, toPrecertificate } from "./kinds/certificate.ts";
import { signPromise } from "./kinds/rekor-v1.ts";
import { signatureSubmission } from "./kinds/signature.ts";
import { Log } from "./log.ts";
import { durableStorage } from "./platform/durable-storage.ts";
import { r2Objects } from "./platform/r2-objects.ts";
import { describeLog } from "./publication/description.ts";
import { d1Index } from "./publication/index-feed.ts";
import { OBJECT_LIMIT_BYTES } from "./rounds/capacity.ts";
import { LogStorage } from "./storage.ts";
import type { KnownEntry } from "./tables/identities.ts";
import { readBundle, readEntry, readTile, type TailDeps } from "./tables/tail.ts";
import { createWitnessClient } from "./witnessing/witness-client.ts";

const rejectOtherForm = ({ leafIndex }: Appended | Duplicate): Result<never, AppendError> =>
  err({ code: "entry_in_other_form", leafIndex });

/**
 * For signatures: the limit of a canonical body. A certificate takes about 1.6 kB, and its precertificate as much
 * again.
 */
const MAX_ENTRY_BYTES = 32 * 1024;
/** At most 144 backups a day: for two logs 8,640 a month of the million class A operations of R2 that are free. */
const BACKUP_EVERY_MS = 600_000;
/** As many as a query of Rekor v1 may name. */
const MAX_FOUND_ENTRIES = 10;
const ENTRY_TOO_LARGE = err({ code: "entry_too_large", maxBytes: MAX_ENTRY_BYTES } as const);

/** One log. The object's name is the log's name. */
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
    // The services in front reject every request while a setting is wrong, so this is a bug.
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
      maxStorageBytes: OBJECT_LIMIT_BYTES,
      witnessing: setup.value.witnesses && {
        ...setup.value.witnesses,
        verify: verifyEd25519,
        post: createWitnessClient(setup.value.neighborhood),
      },
    });
  }

  async appendSignature(submission: SignatureSubmission): Promise<Result<Appended | Duplicate, AppendError>> {
    if (submission.body.length > MAX_ENTRY_BYTES) return ENTRY_TOO_LARGE;
    const appended = await this.#log.append(signatureSubmission(submission));
    if (!appended.ok) return appended;
    const { answer, isOtherForm } = appended.value;
    if (isOtherForm) return rejectOtherForm(answer);
    return ok(this.#withShown(answer));
  }

  /** Says whether the public is shown the head of an answer at once. */
  #withShown(answer: Appended | Duplicate): Appended | Duplicate {
    return answer.kind === "appended" ? { ...answer, isShown: this.#log.showsAnswers } : answer;
  }

  async appendCertificate(submission: CertificateSubmission): Promise<Result<LoggedCertificate, AppendError>> {
    const { signedEntry, precertificate } = submission;
    if (signedEntry.length + (precertificate?.length ?? 0) > MAX_ENTRY_BYTES) return ENTRY_TOO_LARGE;
    const appended = await this.#log.append(certificateSubmission(submission));
    if (!appended.ok) return appended;
    const { answer, placement, isOtherForm } = appended.value;
    // The log has the certificate in a form that this submission does not hold.
    if (placement === null) return rejectOtherForm(answer);
    // An SCT promises the entry that is in the log: that of the precertificate, if it came first.
    return ok(signSct(this.#setup.ecdsa, isOtherForm ? toPrecertificate(submission) : submission, placement));
  }

  async appendPromised(submission: SignatureSubmission): Promise<Result<PromisedEntry, AppendError>> {
    if (submission.body.length > MAX_ENTRY_BYTES) return ENTRY_TOO_LARGE;
    const appended = await this.#log.append(signatureSubmission(submission));
    if (!appended.ok) return appended;
    const { answer, placement } = appended.value;
    if (placement === null) throw new TypeError("an entry without a time in a log that promises it");
    const { timestamp } = placement;
    return ok({
      answer: this.#withShown(answer),
      promise: { timestamp, signature: signPromise(this.#setup.ecdsa, submission.body, placement) },
    });
  }

  async findEntries(leafHashes: readonly Uint8Array[]): Promise<readonly (number | null)[]> {
    await this.#log.openToRead();
    return leafHashes.slice(0, MAX_FOUND_ENTRIES).map((leaf) => this.#findPlace(hash(leaf))?.leafIndex ?? null);
  }

  async signPromise(body: Uint8Array): Promise<EntryPromise | null> {
    await this.#log.openToRead();
    const { leafIndex, timestamp = null } = this.#findPlace(leafHash(body)) ?? {};
    if (leafIndex === undefined || timestamp === null) return null;
    return { timestamp, signature: signPromise(this.#setup.ecdsa, body, { leafIndex, timestamp }) };
  }

  /** The place of an entry that the anchor has. A backup that is shown in place of the rows knows none. */
  #findPlace(identity: Hash): KnownEntry | null {
    const { state, restored } = this.#log;
    const place = restored === null ? this.#storage.findIdentity(identity) : null;
    return place !== null && state !== null && place.leafIndex < state.treeSize ? place : null;
  }

  async head(minTreeSize = 0): Promise<SignedTreeHead> {
    await this.#log.openToRead();
    const shown = this.#log.headOver(minTreeSize);
    if (shown === null) throw new Error("the log has no head yet");
    const { treeSize, rootHash, timestamp, checkpoint } = shown;
    return { treeSize, rootHash, timestamp, checkpoint };
  }

  async readTile(level: number, tileIndex: number, width: number): Promise<TailAnswer<Uint8Array>> {
    await this.#log.openToRead();
    return readTile(this.#tail(), level, tileIndex, width);
  }

  async readBundle(bundleIndex: number, width: number): Promise<TailAnswer<Uint8Array>> {
    await this.#log.openToRead();
    return readBundle(this.#tail(), bundleIndex, width);
  }

  async readEntry(leafIndex: number): Promise<TailAnswer<TailEntry>> {
    await this.#log.openToRead();
    return readEntry(this.#tail(), leafIndex);
  }

  describe(): Promise<LogDescription> {
    return describeLog(this.#log, this.#setup);
  }

  /** Never throws: the platform gives up after six failed alarms in a row. */
  override async alarm(): Promise<void> {
    await this.#log.catchUp();
  }

  /** The inputs of a tail read. Throws until the anchor holds a head of the log. */
  #tail(): TailDeps {
    const { identity, state, edge, phase } = this.#log;
    if (identity === null || state === null) throw new Error(phase.kind === "running" ? "no log" : phase.reason);
    return { storage: this.#log.restored?.rows ?? this.#storage, format: this.#setup.format, state, edge };
  }
}

/** Each call gets a new stub: one that has thrown stays broken. */
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
    // Durable with the transaction of the same turn, so nobody awaits it.
    setAlarm: (at) => void ctx.storage.setAlarm(at),
    runAfter(milliseconds, callback) {
      const timer = setTimeout(callback, milliseconds);
      return () => clearTimeout(timer);
    },
    logLine: (event, data) => console.log(JSON.stringify({ event, ...data })),
  };
}
