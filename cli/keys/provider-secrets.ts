// SPDX-License-Identifier: Apache-2.0
// The secrets of the identity provider that are no keys in PEM: files beside the keys.

import { randomBytes } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { SECRET_BYTES } from "../../shared/oauth/seal/secrets.ts";

/** Created with the keys, each 32 random bytes. */
const RANDOM_FILES = { "oidc-seal.txt": "OIDC_SEAL_KEY", "oidc-subject.txt": "OIDC_SUBJECT_KEY" } as const;

/** The client secrets of connectors, by slug; not there before a connector is. */
const CONNECTOR_SECRETS_FILE = "connector-secrets.json";

const FILES = { ...RANDOM_FILES, [CONNECTOR_SECRETS_FILE]: "OIDC_CONNECTOR_SECRETS" } as const;

/** New secrets: the text of each file. */
export const makeProviderSecrets = (): ReadonlyMap<string, string> =>
  new Map(Object.keys(RANDOM_FILES).map((file) => [file, `${randomBytes(SECRET_BYTES).toString("base64url")}\n`]));

/** Creates the random secrets that a folder of an older version lacks. Throws if it cannot be written. */
export function addProviderSecrets(folder: string): void {
  for (const [file, text] of makeProviderSecrets()) {
    const path = join(folder, file);
    // wx: if two start at once, only one creates the file.
    if (!existsSync(path)) writeFileSync(path, text, { mode: 0o600, flag: "wx" });
  }
}

/** The settings in the files that exist, whatever they hold. */
export function readProviderSecrets(folder: string): Readonly<Record<string, string>> {
  const present = Object.entries(FILES).filter(([file]) => existsSync(join(folder, file)));
  return Object.fromEntries(
    present.map(([file, setting]) => [setting, readFileSync(join(folder, file), "utf8").trim()]),
  );
}
