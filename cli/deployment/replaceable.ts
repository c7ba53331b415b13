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

/** The file of a public half in next/KIND/. */
export const publicFile = (kind: Replaceable): string => REPLACEABLE[kind].chain ?? "public.pem";

/** The folder of the next key. */
export const nextFolder = (folder: string, kind: Replaceable): string => join(folder, "next", kind);

/** The files of the former public halves, oldest first. */
export function formerFiles(folder: string, kind: Replaceable): readonly string[] {
  const former = join(folder, "former");
  const names = existsSync(former) ? readdirSync(former) : [];
  return names
    .filter((name) => name.startsWith(`${kind}-`) && name.endsWith(".pem"))
    .toSorted()
    .map((name) => join(former, name));
}

/** The public half in use, PEM: a chain or a public key. Throws if there is none. */
export function publicInUse(folder: string, kind: Replaceable): string {
  const { key, chain } = REPLACEABLE[kind];
  if (chain !== null) return readFileSync(join(folder, "keys", chain), "utf8");
  return publicPem(readFileSync(join(folder, "keys", key), "utf8"));
}

/** The public half of a private key, both PEM. */
export const publicPem = (pem: string): string =>
  createPublicKey(pem).export({ type: "spki", format: "pem" }).toString();

/** The public half of the next key, PEM; null if there is none. */
export function publicNext(folder: string, kind: Replaceable): string | null {
  const file = join(nextFolder(folder, kind), publicFile(kind));
  return existsSync(file) ? readFileSync(file, "utf8") : null;
}

/**
 * The settings that publish the next and the former public halves. keys/ must be complete.
 * @param byHand the settings of deployment.json, where an operator may have added some
 */
export function otherSettings(
  folder: string,
  byHand: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const settings: Record<string, string> = {};
  for (const kind of Object.keys(REPLACEABLE) as Replaceable[]) {
    const former = formerFiles(folder, kind).map((file) => readFileSync(file, "utf8"));
    const inUse = publicInUse(folder, kind);
    // If a rotation was interrupted before its last step, the current key is also the next one.
    const others = [...former, publicNext(folder, kind) ?? ""].filter((pem) => pem !== "" && pem !== inUse);
    const name = REPLACEABLE[kind].others;
    if (others.length > 0)
      settings[name] = [...(byHand[name] === undefined ? [] : [`${byHand[name].trimEnd()}\n`]), ...others].join("");
  }
  return settings;
}
