// SPDX-License-Identifier: Apache-2.0
// What a deployment has one of, and what is replaced while clients still believe the one before: the issuing CA, the timestamp
// authority, the key of the built-in issuer. Each is a private key with a public half, in three places of the folder:
//
//   keys/      the one in use
//   next/KIND/ the one that comes, with when it was made; it is here while it is announced
//   former/    public halves of those that were in use

import { createPublicKey } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

export type Replaceable = "ca" | "tsa" | "oidc";

interface Place {
  /** In keys/ and in next/KIND/. */
  readonly key: string;
  /** The same; null where the public half is made of the key, and stands in next/KIND/public.pem. */
  readonly chain: string | null;
  /** The setting with the public halves that are not in use. */
  readonly others: string;
}

export const REPLACEABLE: { readonly [R in Replaceable]: Place } = {
  ca: { key: "ca.key.pem", chain: "ca-chain.pem", others: "OTHER_CA_CHAINS" },
  tsa: { key: "tsa.key.pem", chain: "tsa-chain.pem", others: "OTHER_TSA_CHAINS" },
  oidc: { key: "oidc.key.pem", chain: null, others: "OTHER_OIDC_KEYS" },
};

/** The file of a public half in next/KIND/. */
export const publicFile = (kind: Replaceable): string => REPLACEABLE[kind].chain ?? "public.pem";

/** Where the one that comes lies. */
export const nextFolder = (folder: string, kind: Replaceable): string => join(folder, "next", kind);

/** The files with the former ones, oldest first. */
export function formerFiles(folder: string, kind: Replaceable): readonly string[] {
  const former = join(folder, "former");
  const names = existsSync(former) ? readdirSync(former) : [];
  return names
    .filter((name) => name.startsWith(`${kind}-`) && name.endsWith(".pem"))
    .toSorted()
    .map((name) => join(former, name));
}

/** PEM of the one in use: its chain, or its public key. Throws where there is none. */
export function publicInUse(folder: string, kind: Replaceable): string {
  const { key, chain } = REPLACEABLE[kind];
  if (chain !== null) return readFileSync(join(folder, "keys", chain), "utf8");
  return publicPem(readFileSync(join(folder, "keys", key), "utf8"));
}

/** PEM of the public half of a private key. */
export const publicPem = (pem: string): string =>
  createPublicKey(pem).export({ type: "spki", format: "pem" }).toString();

/** PEM of the one that comes, null if none does. */
export function publicNext(folder: string, kind: Replaceable): string | null {
  const file = join(nextFolder(folder, kind), publicFile(kind));
  return existsSync(file) ? readFileSync(file, "utf8") : null;
}

/**
 * The settings with the public halves that clients shall know beside those in use; keys/ has to be whole.
 * @param byHand the settings of deployment.json: an operator may have put some there
 */
export function otherSettings(
  folder: string,
  byHand: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const settings: Record<string, string> = {};
  for (const kind of Object.keys(REPLACEABLE) as Replaceable[]) {
    const former = formerFiles(folder, kind).map((file) => readFileSync(file, "utf8"));
    const inUse = publicInUse(folder, kind);
    // Between the last two steps of a rotation the one in use is also the one that comes.
    const others = [...former, publicNext(folder, kind) ?? ""].filter((pem) => pem !== "" && pem !== inUse);
    const name = REPLACEABLE[kind].others;
    if (others.length > 0)
      settings[name] = [...(byHand[name] === undefined ? [] : [`${byHand[name].trimEnd()}\n`]), ...others].join("");
  }
  return settings;
}
