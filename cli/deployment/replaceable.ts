// SPDX-License-Identifier: Apache-2.0
// The keys that can be replaced while clients still trust the former one: the issuing CA, the timestamp authority,
// the key of the built-in issuer. Each is a private key with a public half, in three places of the folder:
//
//   keys/      the current key
//   next/KIND/ the next key with its time of creation, while it is announced
//   former/    the public halves of former keys

import { createPublicKey } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { err, ok, type Result } from "../../shared/result.ts";
import { joinParts, splitSetting } from "../../shared/settings/parts.ts";
import type { UnixMs } from "../../shared/time.ts";
import type { RetiredKeys, Retirement } from "../../shared/trust/retired-keys.ts";
import { fingerprintsOf } from "./retired-keys.ts";

export type Replaceable = "ca" | "tsa" | "oidc";

interface Place {
  /** The file of the key in keys/ and next/KIND/. */
  readonly key: string;
  /**
   * The file of the chain in both; null if the public half is derived from the key, and stored as
   * next/KIND/public.pem.
   */
  readonly chain: string | null;
  /** The setting with the public halves of the next and the former keys. */
  readonly others: string;
}

export const REPLACEABLE: { readonly [R in Replaceable]: Place } = {
  ca: { key: "ca.key.pem", chain: "ca-chain.pem", others: "OTHER_CA_CHAINS" },
  tsa: { key: "tsa.key.pem", chain: "tsa-chain.pem", others: "OTHER_TSA_CHAINS" },
  oidc: { key: "oidc.key.pem", chain: null, others: "OTHER_OIDC_KEYS" },
};

export const REPLACEABLE_KINDS = Object.keys(REPLACEABLE) as Replaceable[];

/** Nothing that was made with a key is under way this long after its retirement. */
const KEEP_MS = 30 * 24 * 3_600_000;
/** The built-in issuer reads at most 16 other keys. */
const MAX_FORMER = 12;

/** The file of a public half in next/KIND/. */
export const publicFile = (kind: Replaceable): string => REPLACEABLE[kind].chain ?? "public.pem";

/** The folder of the next key. */
export const nextFolder = (folder: string, kind: Replaceable): string => join(folder, "next", kind);

/** The files of the former public halves, oldest first. */
function listFormerFiles(folder: string, kind: Replaceable): readonly string[] {
  const former = join(folder, "former");
  const names = existsSync(former) ? readdirSync(former) : [];
  return names
    .filter((name) => name.startsWith(`${kind}-`) && name.endsWith(".pem"))
    .toSorted()
    .map((name) => join(former, name));
}

/** The public half in use, PEM: a chain or a public key. Throws if there is none. */
export function readPublicInUse(folder: string, kind: Replaceable): string {
  const { key, chain } = REPLACEABLE[kind];
  if (chain !== null) return readFileSync(join(folder, "keys", chain), "utf8");
  return publicPem(readFileSync(join(folder, "keys", key), "utf8"));
}

/** The public half of a private key, both PEM. */
export const publicPem = (pem: string): string =>
  createPublicKey(pem).export({ type: "spki", format: "pem" }).toString();

/** The public half of the next key, PEM; null if there is none. */
export function readPublicNext(folder: string, kind: Replaceable): string | null {
  const file = join(nextFolder(folder, kind), publicFile(kind));
  return existsSync(file) ? readFileSync(file, "utf8") : null;
}

/** The public halves of other keys than the one in use, PEM, in the form of the settings; empty if there are none. */
export interface OtherKeys {
  /** The setting: OTHER_CA_CHAINS. */
  readonly name: string;
  readonly byHand: string;
  /** Oldest first. */
  readonly former: readonly string[];
  /** Null if no rotation is under way. */
  readonly next: string | null;
}

/**
 * The other keys of every kind. keys/ must be complete.
 * @param byHand the settings of deployment.json, where an operator may have added some
 */
export function readOtherKeys(folder: string, byHand: Readonly<Record<string, string>>): readonly OtherKeys[] {
  return REPLACEABLE_KINDS.map((kind) => {
    const inUse = readPublicInUse(folder, kind);
    const next = readPublicNext(folder, kind);
    const { others: name } = REPLACEABLE[kind];
    const text = joinParts(byHand, name).trimEnd();
    return {
      name,
      byHand: text === "" ? "" : `${text}\n`,
      former: listFormerFiles(folder, kind)
        .map((file) => readFileSync(file, "utf8"))
        .filter((pem) => pem !== inUse),
      // If a rotation was interrupted before its last step, the current key is also the next one.
      next: next === inUse ? null : next,
    };
  });
}

/** The text of all of them, for the trusted root, which has no limit. */
export const joinOthers = ({ byHand, former, next }: OtherKeys): string => [byHand, ...former, next ?? ""].join("");

/**
 * The settings that publish other keys to the services. Where they do not fit, the oldest keys that are long retired
 * are left out: the services accept nothing of theirs, and the signed trusted root keeps them forever. The error is a
 * line for the operator.
 */
export function otherSettings(
  others: OtherKeys,
  retired: RetiredKeys,
  now: UnixMs,
): Result<Readonly<Record<string, string>>, string> {
  const isOver = (pem: string): boolean => {
    const retirement = retirementIn(retired, pem);
    return retirement !== null && now - retirement.retiredAt > KEEP_MS;
  };
  for (let former = others.former; ; ) {
    const text = joinOthers({ ...others, former });
    const parts = text === "" ? ok({}) : splitSetting(others.name, text);
    if (parts.ok && former.length <= MAX_FORMER) return parts;
    const oldest = former.findIndex(isOver);
    if (oldest === -1) return parts.ok ? parts : err(`${others.name} ${parts.error}`);
    former = former.toSpliced(oldest, 1);
  }
}

function retirementIn(retired: RetiredKeys, pem: string): Retirement | null {
  const times = fingerprintsOf(pem).map((fingerprint) => retired.get(fingerprint));
  const [earliest] = times.filter((one) => one !== undefined).toSorted((a, b) => a.retiredAt - b.retiredAt);
  return earliest ?? null;
}
