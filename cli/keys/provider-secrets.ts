// SPDX-License-Identifier: Apache-2.0
// The secrets of the identity provider and of the monitor that are no keys in PEM: files beside the keys.

import { randomBytes } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { SECRET_BYTES } from "../../shared/oauth/seal/secrets.ts";

/** The secrets that seal a sign-in: the one in use, then the one before it. */
export const SEAL_FILE = "oidc-seal.txt";
/** The secret that will seal; until then it only opens. There while a rotation is under way. */
export const NEXT_SEAL_FILE = "oidc-seal-next.txt";

/** Created with the keys, each 32 random bytes. */
const RANDOM_FILES = { [SEAL_FILE]: "OIDC_SEAL_KEY", "oidc-subject.txt": "OIDC_SUBJECT_KEY" } as const;

/** The client secrets of connectors, by slug; not there before a connector is. */
export const CONNECTOR_SECRETS_FILE = "connector-secrets.json";

/** The secrets of the receivers that WATCHES names; not there before one is. */
const WATCH_SECRETS_FILE = "watch-secrets.json";

/** The headers of the mail API; not there before MAIL_URL is. */
const MAIL_HEADERS_FILE = "mail-headers.json";

const FILES = {
  ...RANDOM_FILES,
  [CONNECTOR_SECRETS_FILE]: "OIDC_CONNECTOR_SECRETS",
  [WATCH_SECRETS_FILE]: "WATCH_SECRETS",
  [MAIL_HEADERS_FILE]: "MAIL_HEADERS",
} as const;

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
  const texts = present.map(([file, setting]) => [setting, readFileSync(join(folder, file), "utf8").trim()]);
  const settings = Object.fromEntries(texts) as Record<string, string>;
  const next = join(folder, NEXT_SEAL_FILE);
  if (existsSync(next)) settings["OIDC_SEAL_KEY"] += `\n${readFileSync(next, "utf8").trim()}`;
  return settings;
}
