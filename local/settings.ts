// SPDX-License-Identifier: Apache-2.0
// The settings of a local stack: keys and files from the state folder, the URL from the port.

import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { localUrl } from "../cli/address.ts";
import {
  describePublicIssuers,
  fileSettings,
  offerLogs,
  readShards,
  type SettingsFolder,
  witnessSecret,
  writePublicIssuers,
} from "../cli/deployment/folder-settings.ts";
import { describeDamagedKeys, validateSettings } from "../cli/deployment/settings-check.ts";
import { openKeys } from "../cli/keys/keys.ts";
import { parsePublicUrl } from "../shared/http/public-url.ts";
import { ownIssuerOf } from "../shared/oidc/own-issuer.ts";
import { err, ok, type Result } from "../shared/result.ts";
import { unixMs } from "../shared/time.ts";
import { readPlainSettings } from "./plain-settings.ts";
import { openLocalTufSettings } from "./tuf.ts";

const DEVELOPMENT = { allowLoopbackIssuers: true } as const;

/** The options of a local stack. */
export interface LocalStack {
  readonly port: number;
  /** An absolute path. */
  readonly state: string;
  readonly accept: string | null;
  /** The Worker as it is deployed, which has no development connector. */
  readonly isDeployed?: true;
}

/**
 * Reads the settings of all services, and creates the keys of a new state folder. The error is a line for the
 * operator.
 */
export function openLocalSettings({
  port,
  state,
  accept,
  isDeployed,
}: LocalStack): Result<Readonly<Record<string, string>>, string> {
  const publicUrl = parsePublicUrl(localUrl(port));
  if (!publicUrl.ok) return err(`${localUrl(port)} ${publicUrl.error.reason}`);
  const now = unixMs(Date.now());
  const isNew = !existsSync(join(state, "keys"));
  const secrets = openKeys(state, publicUrl.value, now);
  if (!secrets.ok) return err(describeDamagedKeys(secrets.error, join(state, "keys"), DEVELOPMENT));
  if (isNew) {
    offerPublicIssuers(state);
    offerLogs(state, publicUrl.value);
  }
  const files = fileSettings(localFolder(state));
  if (!files.ok) return files;
  const plain = readPlainSettings(state);
  if (!plain.ok) return plain;
  const witness = witnessSecret(state, files.value);
  if (!witness.ok) return witness;
  const shards = readShards(state, publicUrl.value);
  if (!shards.ok) return shards;
  const settings = {
    // Clients open the page of the development connector, unless the operator names other providers.
    ...(isDeployed === true ? {} : { OIDC_PROVIDERS: JSON.stringify([ownIssuerOf(publicUrl.value.href)]) }),
    ...plain.value,
    ...secrets.value,
    ...files.value,
    ...witness.value,
    ...shards.value,
    PUBLIC_URL: publicUrl.value.href,
    ...(accept === null ? {} : { ACCEPT: accept }),
  };
  // Before the trust root is signed over them.
  const checked = validateSettings(settings, DEVELOPMENT);
  if (!checked.ok) return checked;
  const tuf = openLocalTufSettings({ state, publicUrl: publicUrl.value, settings, now });
  return tuf.ok ? ok({ ...settings, ...tuf.value }) : tuf;
}

const localFolder = (state: string): SettingsFolder => ({ folder: state, environment: null, needsIssuers: true });

/** The line that says how many public issuers a local stack admits without a policy; null if none. */
export const describeLocalIssuers = (state: string): string | null => describePublicIssuers(localFolder(state));

/** Gives a new stack the issuers of the public instance, in a file that says so. */
function offerPublicIssuers(state: string): void {
  if (!readdirSync(state).some((name) => /^issuers?\./i.test(name))) writePublicIssuers(state);
}
