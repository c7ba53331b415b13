// SPDX-License-Identifier: Apache-2.0
// The page's side of hashing. The Web Worker starts with the page, so that hashing works offline later.

import type { ArtifactDigests } from "../../../shared/bundle/artifact.ts";
import type { HashAlgorithm } from "../../../shared/crypto/hash.ts";
import { err, ok, type Result } from "../../../shared/result.ts";
import type { FromWorker, ToWorker } from "./messages.ts";

/** A file to hash, and how. */
interface HashRequest {
  readonly file: Blob;
  readonly algorithms: readonly HashAlgorithm[];
  /** Told how many bytes are done. */
  readonly onProgress: (done: number) => void;
}

/** Hashes files, one at a time. */
export interface Hasher {
  /** Null if somebody stopped it. The error completes "the file could not be read: …". */
  readonly hash: (request: HashRequest) => Promise<Result<ArtifactDigests | null, string>>;
  readonly stop: () => void;
}

const WORKER_URL = "/assets/verify-worker.js";

/** Part of the Trusted Types API: an address becomes code only through a policy that the response names. */
interface TrustedTypes {
  readonly createPolicy: (
    name: string,
    rules: { readonly createScriptURL: (url: string) => string },
  ) => { readonly createScriptURL: (url: string) => string };
}

/** Starts the Web Worker. */
export function startHasher(): Hasher {
  const { trustedTypes } = globalThis as { readonly trustedTypes?: TrustedTypes };
  const policy = trustedTypes?.createPolicy("sigedge-hashing", { createScriptURL: () => WORKER_URL });
  const worker = new Worker(policy?.createScriptURL(WORKER_URL) ?? WORKER_URL, { type: "module" });
  let id = 0;
  let end: (() => void) | null = null;
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a Worker has none
  const send = (message: ToWorker): void => worker.postMessage(message);
  return {
    hash: ({ file, algorithms, onProgress }) =>
      new Promise((resolve) => {
        const asked = ++id;
        const settle = (result: Result<ArtifactDigests | null, string>): void => {
          worker.removeEventListener("message", listen);
          worker.removeEventListener("error", fail);
          end = null;
          resolve(result);
        };
        const fail = (): void =>
          settle(err("the part of this page that reads files did not load; load the page again"));
        const listen = ({ data }: MessageEvent<FromWorker>): void => {
          if (data.id !== asked) return;
          if (data.kind === "progress") onProgress(data.done);
          else settle(data.kind === "done" ? ok(data.digests) : err(data.reason));
        };
        end = () => settle(ok(null));
        worker.addEventListener("message", listen);
        worker.addEventListener("error", fail);
        send({ id: asked, file, algorithms });
      }),
    stop: () => {
      send({ id: ++id, file: null, algorithms: [] });
      end?.();
    },
  };
}
