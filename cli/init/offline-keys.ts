// SPDX-License-Identifier: Apache-2.0
// Whether a passphrase opens the offline keys that init keeps: whoever gives one wants to know.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { err, ok, type Result } from "../../shared/result.ts";
import { type Deployment, offlineFolder } from "../deployment/deployment.ts";
import { readPassphrase } from "../deployment/passphrase.ts";
import { openKey } from "../tuf/encrypted-key.ts";

/** Checks every offline key that is on this machine. The error is a line for the operator. */
export async function checkPassphrase(deployment: Deployment, file: string): Promise<Result<null, string>> {
  const passphrase = await readPassphrase({ file, isNew: false });
  if (!passphrase.ok) return passphrase;
  const folder = offlineFolder(deployment);
  const keys = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith(".key.pem")) : [];
  const closed = keys.filter((name) => openKey(readFileSync(join(folder, name), "utf8"), passphrase.value) === null);
  return closed.length === 0 ? ok(null) : err(`the passphrase in ${file} does not open ${closed.join(", ")}`);
}
