// SPDX-License-Identifier: Apache-2.0
// New targets for a deployment whose settings have changed, signed with the offline keys; and whether they have arrived.

import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { err, ok, type Result } from "../../shared/result.ts";
import { compareTrustedRoot } from "../../shared/trust/compare.ts";
import type { TrustMaterial } from "../../shared/trust/material.ts";
import { trustedRoot } from "../../shared/trust/trusted-root.ts";
import type { TargetDocuments } from "../../shared/tuf/target-files.ts";
import { workerSettings } from "../deployment/deployment.ts";
import { readTrust, writeTrust } from "../deployment/trust-root.ts";
import { describeKeyFileError, type OfflineKey, openOfflineKey } from "../tuf/keys.ts";
import { documentsOf, materialOf } from "../tuf/material.ts";
import { describeRepositoryError, publishTargets } from "../tuf/repository.ts";
import type { RotationContext } from "./rotation.ts";

/** What clients have to trust of the deployment as its folder has it now. */
function material({ deployment, now }: RotationContext): Result<TrustMaterial, string> {
  const settings = workerSettings(deployment);
  if (!settings.ok) return settings;
  const { secrets, vars } = settings.value;
  const { publicUrl } = deployment;
  return materialOf({ publicUrl, settings: { ...secrets, ...vars }, logsCreatedAt: null, now });
}

/** Whether the signed documents are those of the folder as it is. The error is a line for the operator. */
export function isPublished(context: RotationContext): Result<boolean, string> {
  const wanted = material(context);
  if (!wanted.ok) return wanted;
  const { folder, publicUrl } = context.deployment;
  const signed = readTrust(folder, publicUrl);
  return signed.ok ? ok(isSame(documentsOf(wanted.value), signed.value.files)) : signed;
}

const isSame = (documents: TargetDocuments, files: Readonly<Record<string, string>>): boolean =>
  Object.keys(files).length === Object.keys(documents).length &&
  Object.entries(documents).every(([name, { text }]) => files[name] === text);

/** Signs new targets, unless they are signed already. The error is a line for the operator. */
export async function publish(context: RotationContext): Promise<Result<null, string>> {
  const { folder, publicUrl } = context.deployment;
  const wanted = material(context);
  const signed = readTrust(folder, publicUrl);
  if (!wanted.ok || !signed.ok) return wanted.ok ? (signed as Result<never, string>) : wanted;
  const documents = documentsOf(wanted.value);
  if (isSame(documents, signed.value.files)) return ok(null);
  const signers = await openTufKeys(context);
  if (!signers.ok) return signers;
  const keys = signers.value.map(({ key }) => key);
  const texts = publishTargets(signed.value, { documents, signers: keys, now: context.now });
  return texts.ok ? writeTrust(folder, publicUrl, texts.value) : err(describeRepositoryError(texts.error));
}

/** Refuses to go on while the running deployment does not yet tell clients of what is used next. */
export async function refuseUnserved(context: RotationContext): Promise<Result<null, string>> {
  const wanted = material(context);
  if (!wanted.ok) return wanted;
  const document = await servedDocument(context, "/trusted_root.json");
  if (!document.ok || document.value === null) return document.ok ? ok(null) : document;
  if (compareTrustedRoot(document.value, trustedRoot(wanted.value)).length === 0) return ok(null);
  return err("the deployment does not serve the new trusted root yet: npx sigedge deploy, wait, and come back");
}

/** A document that clients see, null if nobody shall ask for it. */
export async function servedDocument({ served }: RotationContext, path: string): Promise<Result<unknown, string>> {
  if (served === null) return ok(null);
  try {
    return ok(await served(path));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return err(`the deployment could not be asked what it serves (${reason}); try again, or go on without: --no-check`);
  }
}

export interface TufKeyFile {
  readonly file: string;
  readonly key: OfflineKey;
}

/** Every TUF key in the offline folder, former ones too; some may lie elsewhere. The error is a line for the operator. */
export async function openTufKeys({
  offline,
  passphrase,
}: RotationContext): Promise<Result<readonly TufKeyFile[], string>> {
  const there = offlineFiles(offline, "tuf-");
  if (!there.ok) return there;
  const secret = await passphrase();
  if (!secret.ok) return secret;
  const keys: TufKeyFile[] = [];
  for (const file of there.value) {
    const key = openOfflineKey(file, secret.value);
    if (!key.ok) return err(describeKeyFileError(key.error));
    keys.push({ file, key: key.value });
  }
  return ok(keys);
}

/** The key files whose names begin so. The error says what is missing. */
export function offlineFiles(offline: string, prefix: string): Result<readonly string[], string> {
  const names = existsSync(offline) ? readdirSync(offline) : [];
  const files = names.filter((name) => name.startsWith(prefix) && name.endsWith(".key.pem")).toSorted();
  if (files.length > 0) return ok(files.map((name) => join(offline, name)));
  return err(
    `${offline} has no ${prefix}….key.pem; bring the offline keys back, or say where they are with --offline DIR`,
  );
}

/** A name for a new key file that no file there has: PREFIX-2.key.pem. */
export function newKeyFile(offline: string, prefix: string): string {
  for (let n = 2; ; n++) {
    const file = join(offline, `${prefix}-${n}.key.pem`);
    if (!existsSync(file)) return file;
  }
}
