// SPDX-License-Identifier: Apache-2.0
// The rotation of the issuing CA and of the timestamp authority, under the current root or under a new one.

import { createPrivateKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import { equal } from "../../shared/bytes/bytes.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import type { Certificate } from "../../shared/x509/certificate.ts";
import { parseChains } from "../../shared/x509/chains.ts";
import { joinOthers, REPLACEABLE, readOtherKeys, readPublicInUse } from "../deployment/replaceable.ts";
import { certifyAuthority, certifyTimestampAuthority, ISSUED_LIFETIME_MS, spkiOf } from "../keys/certificates.ts";
import { encryptKey, openKey } from "../tuf/encrypted-key.ts";
import { chooseKeyFile, isPublished, offlineFiles, openTufKeys, publish, refuseUnserved } from "./publish.ts";
import { begin, type Pending, readPending, replace } from "./replacing.ts";
import {
  command,
  day,
  type Planned,
  type RotationContext,
  refuseEarly,
  refuseRecent,
  retireNow,
  stepsAfterRetirement,
  TRUST_WAIT_MS,
  waitFor,
} from "./rotation.ts";

/** The authority to rotate, and whether its root too. */
export interface AuthorityRotation {
  readonly kind: "ca" | "tsa";
  readonly isNewRoot: boolean;
}

const KINDS = {
  ca: { title: "the issuing CA", root: "ca-root", certify: certifyAuthority },
  tsa: { title: "the timestamp authority", root: "tsa-root", certify: certifyTimestampAuthority },
} as const;

/** The name of the rotation: `ca` or `ca-root`. */
export const nameOf = ({ kind, isNewRoot }: AuthorityRotation): string => (isNewRoot ? KINDS[kind].root : kind);

/**
 * Plans to create the new authority and to announce it, or tells how long to wait. The error is a line for the
 * operator.
 */
export async function planAuthority(context: RotationContext, rotation: AuthorityRotation): Planned {
  const { folder } = context.deployment;
  const state = readPending(folder, rotation.kind);
  if (!state.ok) return state;
  if (state.value !== null) return continueRotation(context, rotation, state.value);
  const chain = chainInUse(folder, rotation.kind);
  if (!chain.ok) return chain;
  const { title, root } = KINDS[rotation.kind];
  const [issuing] = chain.value;
  const old = refuseRecent(context, title, issuing?.notBefore ?? 0);
  if (!old.ok) return old;
  const rootEnd = refuseShortRoot(context, rotation, chain.value);
  if (!rootEnd.ok) return rootEnd;
  // Checks for the offline keys before anything is created.
  const keys = offlineFiles(context.offline, rotation.isNewRoot ? "tuf-" : root);
  if (!keys.ok) return keys;
  return ok({
    changes: [
      ...(rotation.isNewRoot ? [`a new root key, ${root}-N.key.pem in the offline folder`] : []),
      `next/${rotation.kind}: a new key and chain, which ${REPLACEABLE[rotation.kind].others} announces until they are used`,
      "trust.json: new targets, whose trusted root holds both chains",
    ],
    apply: async () => {
      const made = await makeAuthority(context, rotation, chain.value);
      return made.ok ? publish(context) : made;
    },
    next: stepsAfterAnnouncement(context, rotation, context.now),
  });
}

/** Refuses to make a certificate that its root would not outlive. The error is a line for the operator. */
export function refuseShortRoot(
  { now, compromisedSince }: RotationContext,
  { kind, isNewRoot }: AuthorityRotation,
  chain: readonly Certificate[],
): Result<null, string> {
  const rootEnd = chain.at(-1)?.notAfter ?? 0;
  if (isNewRoot || rootEnd >= now + ISSUED_LIFETIME_MS) return ok(null);
  const flag = compromisedSince === null ? "--again" : "--compromised";
  return err(
    `the root expires on ${day(rootEnd)}, before a certificate that it would sign now; replace it as well: npx sigedge rotate ${KINDS[kind].root} ${flag}`,
  );
}

function stepsAfterAnnouncement(context: RotationContext, rotation: AuthorityRotation, at: number): readonly string[] {
  return [
    command(context, "deploy"),
    `wait until ${day(at + (context.waitMs ?? TRUST_WAIT_MS))}; before that, clients may use a trusted root without the new one`,
    command(context, `rotate ${nameOf(rotation)} --finish`),
  ];
}

function continueRotation(
  context: RotationContext,
  rotation: AuthorityRotation,
  state: Pending,
): ReturnType<typeof waitFor> {
  const other = refuseOther(rotation, state);
  if (!other.ok) return other;
  const published = isPublished(context);
  if (!published.ok) return published;
  const next = stepsAfterAnnouncement(context, rotation, state.at);
  if (published.value) return waitFor(next);
  return ok({
    changes: ["trust.json: new targets, whose trusted root holds both chains"],
    apply: () => publish(context),
    next,
  });
}

function refuseOther(rotation: AuthorityRotation, state: Pending): Result<null, string> {
  if (state.rotation === nameOf(rotation)) return ok(null);
  return err(
    `the rotation ${state.rotation} began on ${day(state.at)}; finish it first: npx sigedge rotate ${state.rotation} --finish`,
  );
}

/** Plans to let the new authority issue or sign. The error is a line for the operator. */
export async function planAuthorityFinish(context: RotationContext, rotation: AuthorityRotation): Planned {
  const { folder } = context.deployment;
  const state = readPending(folder, rotation.kind);
  if (!state.ok) return state;
  if (state.value === null) return finishPublishing(context, rotation);
  const other = refuseOther(rotation, state.value);
  if (!other.ok) return other;
  const early = refuseEarly(context.now, state.value.at + (context.waitMs ?? TRUST_WAIT_MS));
  if (!early.ok) return early;
  const keys = offlineFiles(context.offline, "tuf-");
  if (!keys.ok) return keys;
  const { key, chain } = REPLACEABLE[rotation.kind];
  return ok({
    changes: [
      `keys/${key} and keys/${chain}: the new ones; the former chain moves to former/, the former key is deleted`,
      NAMED_FIRST,
    ],
    apply: async () => {
      // An interrupted run had checked this already; its keys and chain do not match each other yet.
      const unserved = hasMatchingKeys(context) ? await refuseUnserved(context) : ok(null);
      if (!unserved.ok) return unserved;
      const signers = await openTufKeys(context);
      if (!signers.ok) return signers;
      return replaceAuthority(context, rotation);
    },
    next: stepsAfterRetirement(context),
  });
}

/** Lets the next authority issue or sign, retires the current one, and signs targets that say so. */
export async function replaceAuthority(
  context: RotationContext,
  rotation: AuthorityRotation,
): Promise<Result<null, string>> {
  const retiring = retireNow(context, nameOf(rotation));
  const replaced = replace(context, rotation.kind, { ...retiring, isRootRetired: rotation.isNewRoot });
  return replaced.ok ? publish(context) : replaced;
}

/** Files for clients that do not read a trusted root name one timestamp authority only: the first. */
const NAMED_FIRST = "trust.json: new targets, which name it first";

/**
 * Plans to sign the targets, if an earlier run replaced the key but could not sign, or if the operator changed what the
 * folder says.
 */
function finishPublishing(context: RotationContext, rotation: AuthorityRotation): Awaited<Planned> {
  const published = isPublished(context);
  if (!published.ok) return published;
  if (published.value) return err(`no rotation is under way; begin with: npx sigedge rotate ${nameOf(rotation)}`);
  return ok({ changes: [NAMED_FIRST], apply: () => publish(context), next: [command(context, "deploy")] });
}

const hasMatchingKeys = (context: RotationContext): boolean => isPublished(context).ok;

/** The chain in keys/. The error is a line for the operator. */
export function chainInUse(folder: string, kind: "ca" | "tsa"): Result<readonly Certificate[], string> {
  const chains = parseChains(readPublicInUse(folder, kind));
  const [chain] = chains.ok ? chains.value : [];
  return chain === undefined
    ? err(`keys/${REPLACEABLE[kind].chain} is not a certificate chain; restore it from a backup`)
    : ok(chain);
}

/** Creates the next authority and announces it in the settings. The error is a line for the operator. */
export async function makeAuthority(
  context: RotationContext,
  rotation: AuthorityRotation,
  chain: readonly Certificate[],
): Promise<Result<null, string>> {
  const passphrase = await context.passphrase();
  if (!passphrase.ok) return passphrase;
  const { kind, isNewRoot } = rotation;
  const root = isNewRoot
    ? openRootKey(context, kind, passphrase.value)
    : rootOf(context, kind, { passphrase: passphrase.value, chain });
  if (!root.ok) return root;
  const { deployment, now } = context;
  const online = generateKeyPairSync("ec", { namedCurve: "prime256v1" }).privateKey;
  const under = isNewRoot ? undefined : chain.at(-1);
  const keys = { root: root.value, online };
  const text = KINDS[kind].certify(keys, { hostname: deployment.publicUrl.hostname, now }, under);
  const key = online.export({ type: "pkcs8", format: "pem" }).toString();
  return begin(context, kind, { rotation: nameOf(rotation), nextKey: { key, public: text } });
}

/** Opens the offline key of the chain's last certificate. */
function rootOf(
  { offline }: RotationContext,
  kind: "ca" | "tsa",
  { passphrase, chain }: { readonly passphrase: string; readonly chain: readonly Certificate[] },
): Result<KeyObject, string> {
  const keys = rootKeys(offline, kind, passphrase);
  if (!keys.ok) return keys;
  const spki = chain.at(-1)?.spki ?? new Uint8Array();
  const key = keys.value.find((candidate) => equal(spkiOf(candidate), spki));
  return key === undefined
    ? err(`${offline} has no ${KINDS[kind].root}….key.pem with the key of the current root`)
    : ok(key);
}

/** A root key that is in no chain: the one left by an interrupted run, or a new one. */
function openRootKey(
  { offline, deployment }: RotationContext,
  kind: "ca" | "tsa",
  passphrase: string,
): Result<KeyObject, string> {
  const keys = offlineFiles(offline, KINDS[kind].root).ok ? rootKeys(offline, kind, passphrase) : ok([]);
  if (!keys.ok) return keys;
  const { folder, settings } = deployment;
  const others = readOtherKeys(folder, settings).filter(({ name }) => name === REPLACEABLE[kind].others);
  const chains = parseChains([readPublicInUse(folder, kind), ...others.map(joinOthers)].join(""));
  if (!chains.ok) return err(`the chains in keys/ and former/ cannot be read: ${chains.error.reason}`);
  const isKnown = (key: KeyObject): boolean =>
    chains.value.some((chain) => equal(spkiOf(key), chain.at(-1)?.spki ?? new Uint8Array()));
  const left = keys.value.find((key) => !isKnown(key));
  if (left !== undefined) return ok(left);
  const key = generateKeyPairSync("ec", { namedCurve: "secp384r1" }).privateKey;
  writeFileSync(chooseKeyFile(offline, KINDS[kind].root), encryptKey(key, passphrase), {
    mode: 0o600,
    flag: "wx",
    flush: true,
  });
  return ok(createPrivateKey(key.export({ type: "pkcs8", format: "pem" })));
}

function rootKeys(offline: string, kind: "ca" | "tsa", passphrase: string): Result<readonly KeyObject[], string> {
  const files = offlineFiles(offline, KINDS[kind].root);
  if (!files.ok) return files;
  const keys: KeyObject[] = [];
  for (const file of files.value) {
    const key = openKey(readFileSync(file, "utf8"), passphrase);
    if (key === null) return err(`the passphrase does not open ${basename(file)}`);
    keys.push(key);
  }
  return ok(keys);
}
