// SPDX-License-Identifier: Apache-2.0
// The two phases of whatever has a public half in many hands: first the one that comes is made and announced, then it takes the
// place of the one in use, whose public half stays among the others.

import { createHash } from "node:crypto";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { err, ok, type Result } from "../../shared/result.ts";
import { writePrivate } from "../deployment/deployment.ts";
import {
  nextFolder,
  otherSettings,
  publicFile,
  publicInUse,
  publicNext,
  REPLACEABLE,
  type Replaceable,
} from "../deployment/replaceable.ts";
import { makeFolder, writeFolder } from "../keys/keys.ts";
import type { RotationContext } from "./rotation.ts";

const STATE_FILE = "rotation.json";
/** What a Worker's setting holds. */
const MAX_SETTING_BYTES = 5000;

export interface Begun {
  /** What the operator asked for: `ca` and `ca-root` both make a new issuing CA. */
  readonly rotation: string;
  readonly at: number;
}

/** Null if nothing was begun. The error is a line for the operator. */
export function begun(folder: string, kind: Replaceable): Result<Begun | null, string> {
  const file = join(nextFolder(folder, kind), STATE_FILE);
  if (!existsSync(file)) return ok(null);
  try {
    const { rotation, at } = JSON.parse(readFileSync(file, "utf8")) as Readonly<Record<string, unknown>>;
    const time = typeof at === "string" ? Date.parse(at) : Number.NaN;
    if (typeof rotation === "string" && !Number.isNaN(time)) return ok({ rotation, at: time });
  } catch {
    // Said below.
  }
  return err(`${file} is damaged; restore it from a backup`);
}

export interface Coming {
  /** Private key, PEM. */
  readonly key: string;
  /** Chain or public key, PEM. */
  readonly public: string;
}

/** Lays down what comes, all of it or nothing. The error is a line for the operator. */
export function begin(
  { deployment: { folder, settings }, now }: RotationContext,
  kind: Replaceable,
  { rotation, coming }: { readonly rotation: string; readonly coming: Coming },
): Result<null, string> {
  const { key, others } = REPLACEABLE[kind];
  const bytes = Buffer.byteLength(
    `${otherSettings(folder, settings)[others] ?? settings[others] ?? ""}${coming.public}`,
  );
  if (bytes > MAX_SETTING_BYTES)
    return err(`${others} would have ${bytes} bytes, and a setting holds ${MAX_SETTING_BYTES}`);
  makeFolder(join(folder, "next"));
  const state = `${JSON.stringify({ rotation, at: new Date(now).toISOString() })}\n`;
  writeFolder(
    nextFolder(folder, kind),
    new Map([
      [key, coming.key],
      [publicFile(kind), coming.public],
      [STATE_FILE, state],
    ]),
  );
  return ok(null);
}

/**
 * Puts what comes in the place of what is in use. Whenever this is interrupted, doing it again completes it: what comes is
 * taken away last. The former private key is gone afterwards.
 */
export function replace({ deployment: { folder } }: RotationContext, kind: Replaceable): void {
  const { key, chain } = REPLACEABLE[kind];
  const next = nextFolder(folder, kind);
  const coming = publicNext(folder, kind) ?? "";
  const inUse = publicInUse(folder, kind);
  if (inUse !== coming) {
    makeFolder(join(folder, "former"));
    const name = `${kind}-${new Date().toISOString().slice(0, 10)}-${fingerprint(inUse)}.pem`;
    writePrivate(join(folder, "former", name), inUse);
  }
  if (chain !== null) writePrivate(join(folder, "keys", chain), coming);
  writePrivate(join(folder, "keys", key), readFileSync(join(next, key), "utf8"));
  rmSync(next, { recursive: true });
}

const fingerprint = (pem: string): string => createHash("sha256").update(pem).digest("hex").slice(0, 8);
