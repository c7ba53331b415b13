// SPDX-License-Identifier: Apache-2.0
// Signs new targets with the offline keys after the settings of a deployment changed, and checks that the deployment
// serves them.

import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { err, ok, type Result } from "../../shared/result.ts";
import { compareTrustedRoot } from "../../shared/trust/compare.ts";
import type { TrustMaterial } from "../../shared/trust/material.ts";
import { trustedRoot } from "../../shared/trust/trusted-root.ts";
import type { TargetDocuments } from "../../shared/tuf/target-files.ts";
import { trustSettings } from "../deployment/deployment.ts";
import { readTrust, writeTrust } from "../deployment/trust-root.ts";
import { PATHS } from "../status/paths.ts";
import { describeKeyFileError, type OfflineKey, openOfflineKey } from "../tuf/keys.ts";
import { documentsOf, materialOf } from "../tuf/material.ts";
import { describeRepositoryError, publishTargets } from "../tuf/repository.ts";
import type { RotationContext } from "./rotation.ts";

/** The trust material of the deployment as its folder is now. */
function material({ deployment, now }: RotationContext): Result<TrustMaterial, string> {
  const settings = trustSettings(deployment);
  if (!settings.ok) return settings;
  const { publicUrl } = deployment;
  return materialOf({ publicUrl, settings: settings.value, logsCreatedAt: null, now });
}

/** Whether the signed documents match the folder as it is now. The error is a line for the operator. */
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

/** Signs new targets unless the signed ones match already. The error is a line for the operator. */
export async function publish(context: RotationContext): Promise<Result<null, string>> {
  const { folder, publicUrl } = context.deployment;
  const wanted = material(context);
  const signed = readTrust(folder, publicUrl);
  if (!wanted.ok) return wanted;
  if (!signed.ok) return signed;
  const documents = documentsOf(wanted.value);
  if (isSame(documents, signed.value.files)) return ok(null);
  const signers = await openTufKeys(context);
  if (!signers.ok) return signers;
  const keys = signers.value.map(({ key }) => key);
  const texts = publishTargets(signed.value, { documents, signers: keys, now: context.now });
  return texts.ok ? writeTrust(folder, publicUrl, texts.value) : err(describeRepositoryError(texts.error));
}

/** Fails while the running deployment does not announce the next key or log. The error is a line for the operator. */
export async function refuseUnserved(context: RotationContext): Promise<Result<null, string>> {
  const wanted = material(context);
  if (!wanted.ok) return wanted;
  const document = await readServedDocument(context, PATHS.trustedRoot);
  if (!document.ok || document.value === null) return document.ok ? ok(null) : document;
  if (compareTrustedRoot(document.value, trustedRoot(wanted.value)).length === 0) return ok(null);
  return err("the deployment does not serve the new trusted root yet; run npx sigedge deploy, wait, and try again");
}

/** Reads a document that the deployment serves; null with --no-check. The error is a line for the operator. */
export async function readServedDocument({ served }: RotationContext, path: string): Promise<Result<unknown, string>> {
  if (served === null) return ok(null);
  try {
    return ok(await served(path));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return err(`could not read what the deployment serves (${reason}); try again, or skip the check with --no-check`);
  }
}

/** An opened key file. */
export interface TufKeyFile {
  readonly file: string;
  readonly key: OfflineKey;
}

/** Opens every TUF key in the offline folder, former ones too. The error is a line for the operator. */
export async function openTufKeys({
  offline,
  passphrase,
}: RotationContext): Promise<Result<readonly TufKeyFile[], string>> {
  const files = offlineFiles(offline, "tuf-");
  if (!files.ok) return files;
  const secret = await passphrase();
  if (!secret.ok) return secret;
  const keys: TufKeyFile[] = [];
  for (const file of files.value) {
    const key = openOfflineKey(file, secret.value);
    if (!key.ok) return err(describeKeyFileError(key.error));
    keys.push({ file, key: key.value });
  }
  return ok(keys);
}

/** The key files whose names start with the prefix, at least one. The error is a line for the operator. */
export function offlineFiles(offline: string, prefix: string): Result<readonly string[], string> {
  const names = existsSync(offline) ? readdirSync(offline) : [];
  const files = names.filter((name) => name.startsWith(prefix) && name.endsWith(".key.pem")).toSorted();
  if (files.length > 0) return ok(files.map((name) => join(offline, name)));
  return err(
    `${offline} has no ${prefix}….key.pem; connect the medium with the offline keys, or give their folder with --offline DIR`,
  );
}

/** The first free name for a new key file: PREFIX-2.key.pem. */
export function chooseKeyFile(offline: string, prefix: string): string {
  for (let n = 2; ; n++) {
    const file = join(offline, `${prefix}-${n}.key.pem`);
    if (!existsSync(file)) return file;
  }
}
