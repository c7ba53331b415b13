// SPDX-License-Identifier: Apache-2.0
// The TUF repository of a deployment: adopts the metadata that was signed offline and deployed with the Worker, signs
// snapshots and timestamps over it, and records what it has served, so that no client ever sees a version go back, or
// two documents with one version. Every method is synchronous, so in a Durable Object nothing runs between its steps.
// It accesses SQL through repository-storage.ts only, and has no clock.
// Spec: https://theupdateframework.github.io/specification/v1.0.31/#repository-operations
//
// Served before   Deployed now                        Result
// nothing         nothing                             absent: 404
// nothing         a valid repository                  adopted
// nothing         an invalid repository               refused: 503 with the reason
// a repository    the same                            served
// a repository    valid newer roots, targets or both  adopted
// a repository    older, different, invalid or none   the previous one stays served; /healthz shows the problem
// A root is adopted only once TUF_KEY is the online key that it names, so that either can be deployed first.

import { sha256 } from "#sha256";
import { encodeHex } from "../../../shared/bytes/hex.ts";
import { encodeUtf8 } from "../../../shared/bytes/utf8.ts";
import { err, ok, type Result } from "../../../shared/result.ts";
import type { TufServing, TufView } from "../../../shared/rpc/tuf-repository.ts";
import { type UnixMs, unixMs } from "../../../shared/time.ts";
import { type Expiry, WARN_BEFORE_MS } from "../../../shared/trust/expiry.ts";
import { expiryOf, formatMetadata, parseMetadata, type Root, type Targets } from "../../../shared/tuf/metadata.ts";
import {
  isDue,
  nextVersion,
  SNAPSHOT_TERM,
  snapshotOf,
  TIMESTAMP_TERM,
  timestampOf,
} from "../../../shared/tuf/online.ts";
import { signMetadata, type TufSigner } from "../../../shared/tuf/signing.ts";
import { targetPath } from "../../../shared/tuf/target-files.ts";
import { type OfflineRepository, type OfflineTexts, openOffline } from "../../../shared/tuf/trust-file.ts";
import type { RepositoryStorage, Served } from "./repository-storage.ts";

/** Twice a timestamp's lifetime: no client follows an older one to the documents that it names. */
const KEEP_SUPERSEDED_MS = 2 * TIMESTAMP_TERM.lifetimeMs;

/** The repository's part of a deployment. */
export interface Deployed {
  /** Null if the trust file has none for this deployment; an error if the file is malformed. */
  readonly texts: Result<OfflineTexts | null, string>;
  /** The error completes the sentence "TUF_KEY …". */
  readonly signer: Result<TufSigner, string>;
}

/** The newest offline metadata served, parsed. */
interface Current {
  readonly root: Root;
  readonly targets: Targets;
}

/** The repository of one deployment. */
export class Repository {
  readonly #deployed: Deployed;
  readonly #storage: RepositoryStorage;
  /** Hash of the deployed texts; null if there are none. */
  readonly #offlineHash: string | null;
  /**
   * Why the deployed texts are not served. Texts and key do not change while this object lives, so one check suffices.
   */
  #refusal: string | null | undefined;
  #current: Current | null = null;

  constructor(deployed: Deployed, storage: RepositoryStorage) {
    this.#deployed = deployed;
    this.#storage = storage;
    const texts = deployed.texts.ok ? deployed.texts.value : null;
    this.#offlineHash = texts === null ? null : encodeHex(sha256(encodeUtf8(JSON.stringify(texts))));
  }

  /** Adopts the deployed repository, signs what is due, and returns everything that is served. */
  serve(now: UnixMs): TufView {
    if (this.#refusal === undefined) this.#refusal = this.#adoptDeployed(now);
    const refusal = this.#refusal;
    const before = this.#storage.readServed();
    if (before === null) return refusal === null ? { kind: "absent" } : { kind: "refused", problems: [refusal] };
    const unsigned = this.#sign(before, now);
    return this.#view([...new Set([refusal, unsigned])].filter((problem) => problem !== null));
  }

  /** Adopts the deployed texts. Returns null on success and where none were ever deployed, otherwise the problem. */
  #adoptDeployed(now: UnixMs): string | null {
    const { texts } = this.#deployed;
    if (!texts.ok) return texts.error;
    const served = this.#storage.readServed();
    if (texts.value === null) {
      return served === null
        ? null
        : "The trust file of this deployment no longer holds a repository: deploy the newest one.";
    }
    if (served?.offlineHash === this.#offlineHash) return null;
    const problem = served === null ? null : this.#regression(texts.value, served);
    if (problem !== null) return problem;
    const offline = openOffline(texts.value, served?.rootVersion ?? 0);
    if (!offline.ok) return `${offline.error.reason} Restore the trust file, or sign it again.`;
    return this.#adopt(offline.value, served, now);
  }

  /** Why clients that have seen the served repository would reject the texts; null if they would accept them. */
  #regression(texts: OfflineTexts, { rootVersion, targetsVersion }: Served): string | null {
    const older = "The trust file of this deployment is older than the served one";
    if (texts.roots.length < rootVersion)
      return `${older} (root ${texts.roots.length}, served ${rootVersion}): deploy the newest one.`;
    for (let version = 1; version <= rootVersion; version++) {
      if (texts.roots[version - 1] !== this.#storage.document(rootPath(version))) {
        return `The trust file of this deployment has a different ${rootPath(version)} than the served one: deploy the trust file that continues the served history.`;
      }
    }
    const targets = parseMetadata("targets", texts.targets);
    if (!targets.ok) return `The targets metadata ${targets.error.reason}. Restore the trust file, or sign it again.`;
    const { version } = targets.value.signed;
    if (version < targetsVersion)
      return `${older} (targets ${version}, served ${targetsVersion}): deploy the newest one.`;
    const isOther = version === targetsVersion && texts.targets !== this.#storage.document(targetsPath(version));
    return isOther
      ? `The trust file of this deployment has different targets ${version} than the served ones: sign them as the next version.`
      : null;
  }

  /** Stores the documents, the state and the first online documents over them in one transaction. */
  #adopt({ texts, root, targets }: OfflineRepository, served: Served | null, now: UnixMs): string | null {
    const signer = signerFor(root.signed, this.#deployed.signer);
    if (!signer.ok) return signer.error;
    const current = { root: root.signed, targets: targets.signed };
    this.#storage.write(() => {
      if (served !== null) this.#supersedeOffline(served, current, now);
      for (const [i, text] of texts.roots.entries()) this.#storage.putDocument(rootPath(i + 1), text);
      this.#storage.putDocument(targetsPath(targets.signed.version), texts.targets);
      for (const [name, file] of Object.entries(targets.signed.targets)) {
        this.#storage.putDocument(targetPath(name, file), texts.files[name] ?? "");
      }
      const next = {
        offlineHash: this.#offlineHash ?? "",
        rootVersion: texts.roots.length,
        targetsVersion: targets.signed.version,
      };
      const isSameSnapshot = served?.targetsVersion === next.targetsVersion && served.signer === signer.value.keyId;
      this.#signDocuments(
        { ...(served ?? UNSIGNED), ...next },
        { signer: signer.value, snapshot: !isSameSnapshot, now },
      );
    });
    this.#current = current;
    return null;
  }

  #supersedeOffline(served: Served, { targets }: Current, now: UnixMs): void {
    const before = this.#readCurrent(served);
    if (targets.version > before.targets.version) this.#storage.supersede(targetsPath(before.targets.version), now);
    const kept = new Set(pathsOf(targets));
    for (const path of pathsOf(before.targets)) if (!kept.has(path)) this.#storage.supersede(path, now);
  }

  /**
   * Signs what is due. Returns the problem if the key cannot sign; the served documents may still be valid for a while.
   */
  #sign(served: Served, now: UnixMs): string | null {
    const signer = signerFor(this.#readCurrent(served).root, this.#deployed.signer);
    if (!signer.ok) return signer.error;
    const isOther = signer.value.keyId !== served.signer;
    const snapshot = isOther || isDue(SNAPSHOT_TERM, served.snapshotSignedAt, now);
    if (!snapshot && !isDue(TIMESTAMP_TERM, served.timestampSignedAt, now)) return null;
    this.#storage.write(() => this.#signDocuments(served, { signer: signer.value, snapshot, now }));
    return null;
  }

  /** Signs a new timestamp, over a new snapshot if needed. Call it inside a transaction. */
  #signDocuments(served: Served, { signer, snapshot, now }: Signing): void {
    const next: { -readonly [K in keyof Served]: Served[K] } = { ...served, signer: signer.keyId };
    if (snapshot) {
      next.snapshotVersion = nextVersion(served.snapshotVersion, now);
      next.snapshotSignedAt = now;
      const signed = signMetadata(snapshotOf(next.snapshotVersion, served.targetsVersion, now), [signer]);
      this.#storage.supersede(snapshotPath(served.snapshotVersion), now);
      this.#storage.putDocument(snapshotPath(next.snapshotVersion), formatMetadata(signed));
    }
    next.timestampVersion = nextVersion(served.timestampVersion, now);
    next.timestampSignedAt = now;
    const timestamp = signMetadata(timestampOf(next.timestampVersion, next.snapshotVersion, now), [signer]);
    this.#storage.putDocument("timestamp.json", formatMetadata(timestamp));
    this.#storage.removeSuperseded(now - KEEP_SUPERSEDED_MS);
    this.#storage.putServed(next);
  }

  #view(problems: readonly string[]): TufServing {
    const served = this.#storage.readServed();
    if (served === null) throw new RangeError("the repository's state is missing");
    const { root, targets } = this.#readCurrent(served);
    return {
      kind: "serving",
      rootVersion: served.rootVersion,
      documents: this.#storage.documents(),
      targets: Object.fromEntries(
        Object.entries(targets.targets).map(([name, file]) => [name, targetPath(name, file)]),
      ),
      expiries: expiriesOf(served, { root, targets }),
      problems,
    };
  }

  /** Returns the served offline metadata, parsed once per change. */
  #readCurrent({ rootVersion, targetsVersion }: Served): Current {
    if (this.#current !== null) return this.#current;
    const root = parseMetadata("root", this.#storage.document(rootPath(rootVersion)));
    const targets = parseMetadata("targets", this.#storage.document(targetsPath(targetsVersion)));
    if (!root.ok || !targets.ok) throw new RangeError("the repository's storage is damaged");
    this.#current = { root: root.value.signed, targets: targets.value.signed };
    return this.#current;
  }
}

interface Signing {
  readonly signer: TufSigner;
  /** Whether to sign a new snapshot too. */
  readonly snapshot: boolean;
  readonly now: UnixMs;
}

/** Before the first signature. */
const UNSIGNED = {
  signer: "",
  snapshotVersion: 0,
  snapshotSignedAt: unixMs(0),
  timestampVersion: 0,
  timestampSignedAt: unixMs(0),
} as const;

const rootPath = (version: number): string => `${version}.root.json`;
const targetsPath = (version: number): string => `${version}.targets.json`;
const snapshotPath = (version: number): string => `${version}.snapshot.json`;
const pathsOf = ({ targets }: Targets): readonly string[] =>
  Object.entries(targets).map(([name, file]) => targetPath(name, file));

/** @param error of Deployed.signer */
export const describeSignerError = (error: string): string =>
  `TUF_KEY ${error}: set the secret whose public half the newest root names.`;

/** Returns the signer if the root names its key for both online roles. */
function signerFor({ roles }: Root, signer: Deployed["signer"]): Result<TufSigner, string> {
  if (!signer.ok) return err(describeSignerError(signer.error));
  const isNamed = [roles.snapshot, roles.timestamp].every(({ keyids }) => keyids.includes(signer.value.keyId));
  return isNamed
    ? ok(signer.value)
    : err(
        "TUF_KEY is not the key that the newest root names: deploy the secret and the trust file of the same rotation.",
      );
}

function expiriesOf({ snapshotSignedAt, timestampSignedAt }: Served, { root, targets }: Current): readonly Expiry[] {
  return [
    { what: "tuf_root", expiresAt: expiryOf(root), warnBeforeMs: WARN_BEFORE_MS.offline },
    { what: "tuf_targets", expiresAt: expiryOf(targets), warnBeforeMs: WARN_BEFORE_MS.offline },
    {
      what: "tuf_snapshot",
      expiresAt: unixMs(snapshotSignedAt + SNAPSHOT_TERM.lifetimeMs),
      warnBeforeMs: WARN_BEFORE_MS.snapshot,
    },
    {
      what: "tuf_timestamp",
      expiresAt: unixMs(timestampSignedAt + TIMESTAMP_TERM.lifetimeMs),
      warnBeforeMs: WARN_BEFORE_MS.timestamp,
    },
  ];
}
