// SPDX-License-Identifier: Apache-2.0
// The trusted root: by TUF from the root that the page carries, or from a file that the reader gives.

import { parseTrustedRoot, type TrustedRoot } from "../../../shared/bundle/trusted-root.ts";
import { err, ok, type Result } from "../../../shared/result.ts";
import { formatRfc3339, type UnixMs } from "../../../shared/time.ts";
import {
  findExpired,
  type RepositoryReader,
  readTarget,
  type TrustedMetadata,
  trustRoot,
  updateTuf,
} from "../../../shared/tuf/client.ts";

/** A trusted root, and where it came from. */
export interface Trust {
  readonly root: TrustedRoot;
  /** For the reader: who vouches for it. */
  readonly origin: string;
}

/** The surroundings of a source of trust. */
export interface TrustSourceOptions {
  /** The address of this service. */
  readonly url: string;
  /** The TUF root that the page carries; null if the service was deployed without TUF. */
  readonly pinned: string | null;
  /** Reads what this site has at a path; null if there is nothing. */
  readonly read: RepositoryReader["read"];
  readonly now: () => UnixMs;
}

/** A trusted root is read again if it is older than this. */
const FRESH_MS = 60_000;
const TRUSTED_ROOT = "trusted_root.json";
const MAX_ROOT_BYTES = 1024 * 1024;

/** Reads the trusted root of this service. It remembers what it has verified for as long as the page is open. */
export class TrustSource {
  readonly #options: TrustSourceOptions;
  #metadata: TrustedMetadata | null = null;
  #known: { readonly trust: Trust; readonly readAt: UnixMs } | null = null;
  #reading: Promise<Result<Trust, string>> | null = null;

  constructor(options: TrustSourceOptions) {
    this.#options = options;
  }

  /** Reads it, unless that was done a moment ago. The error is a sentence without a period. */
  async read(): Promise<Result<Trust, string>> {
    const now = this.#options.now();
    if (this.#known !== null && Math.abs(now - this.#known.readAt) < FRESH_MS) return ok(this.#known.trust);
    this.#reading ??= this.#readAnew(now).finally(() => (this.#reading = null));
    return await this.#reading;
  }

  async #readAnew(now: UnixMs): Promise<Result<Trust, string>> {
    try {
      const trust =
        this.#options.pinned === null ? await this.#readUnsigned() : await this.#update(this.#options.pinned);
      if (trust.ok) this.#known = { trust: trust.value, readAt: now };
      return trust;
    } catch (error) {
      // Offline, or the service does not answer. What was verified before counts until its metadata expires.
      const expired = this.#metadata === null ? null : findExpired(this.#metadata, now);
      if (this.#known !== null && expired === null) return ok(this.#known.trust);
      const reason = error instanceof Error ? error.message : String(error);
      return err(expired === null ? reason : `${expired}, and a newer one could not be read (${reason})`);
    }
  }

  async #update(pinned: string): Promise<Result<Trust, string>> {
    const { url, read, now } = this.#options;
    const first = this.#metadata === null ? trustRoot(pinned) : ok(this.#metadata);
    if (!first.ok) return err(first.error.reason);
    const reader: RepositoryReader = { read: (path, maxBytes) => read(`/tuf/${path}`, maxBytes) };
    const { trusted, problem } = await updateTuf(first.value, reader, now());
    this.#metadata = trusted;
    if (problem !== null) return err(problem.reason);
    const target = await readTarget(trusted, reader, TRUSTED_ROOT);
    if (!target.ok) return err(target.error.reason);
    const version = trusted.targets?.version ?? 0;
    return toTrust(
      target.value,
      `the trusted root of ${url}, version ${version} of its targets, by TUF from the root that came with this page; read at ${formatRfc3339(now())}`,
    );
  }

  async #readUnsigned(): Promise<Result<Trust, string>> {
    const { url, read } = this.#options;
    const bytes = await read(`/${TRUSTED_ROOT}`, MAX_ROOT_BYTES);
    if (bytes === null) return err("this service has no trusted root");
    return toTrust(
      bytes,
      `the trusted root that ${url} serves; the service has no TUF repository, so nobody else vouches for it`,
    );
  }
}

function toTrust(json: Uint8Array, origin: string): Result<Trust, string> {
  const root = parseTrustedRoot(json);
  return root.ok ? ok({ root: root.value, origin }) : err(`the trusted root ${root.error.reason}`);
}

/** Reads a trusted root from a file. */
export async function readTrustFile(file: File): Promise<Result<Trust, string>> {
  if (file.size > MAX_ROOT_BYTES) return err(`${file.name} is too large for a trusted root`);
  const trust = toTrust(new Uint8Array(await file.arrayBuffer()), `the trusted root in ${file.name}, which you gave`);
  return trust.ok ? trust : err(`${file.name} cannot be used: ${trust.error}`);
}
