// SPDX-License-Identifier: Apache-2.0
// The folder of a deployment: `sigedge init` creates it, every later command reads it, and rotations edit it. The
// files that wrangler reads are generated from it each time.
//
//   deployment.json   name, address, settings that have no file of their own
//   keys/             the online keys, the certificate chains, the operator issuer's public key
//   next/, former/    the key that will replace a current one, and the public halves of former keys (sigedge rotate)
//   offline/          keys that no Worker gets, encrypted with a passphrase: to be moved offline
//   retired-keys.json  when each former key went out of use
//   issuers.yaml      the issuers that the CA accepts; optional: listed-keys.pem, witness-policy.txt and others
//   wrangler*.json, secrets*.json   generated from the above

import { chmodSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, join, relative, resolve } from "node:path";
import { type PublicUrl, parsePublicUrl } from "../../shared/http/public-url.ts";
import { isObject } from "../../shared/json/member.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import { unixMs } from "../../shared/time.ts";
import { isSecret } from "../../workers/declarations.ts";
import { REMOTE_CA_KEY_FILE, readKeys } from "../keys/keys.ts";
import { DEFAULT_FOLDER, defaultFolder, IS_INSTALLED, workingFolder } from "../root.ts";
import {
  describePublicIssuers,
  fileSettings,
  readShards,
  type SettingsFolder,
  witnessSecret,
} from "./folder-settings.ts";
import { joinAllSettings, readFormerSettings, withoutFormer } from "./former-settings.ts";
import { describeDamagedKeys, validateSettings } from "./settings-check.ts";
import { tufSecret } from "./trust-root.ts";

/** The content of deployment.json. */
export interface Deployment {
  /** Absolute. */
  readonly folder: string;
  /** The name of the composed Worker, and the prefix of every other name. */
  readonly name: string;
  /** Null before `sigedge init --url`. */
  readonly publicUrl: PublicUrl | null;
  /** Settings by name that are neither secret nor a file: ACCEPT, CERTIFICATE_LIFETIME. */
  readonly settings: Readonly<Record<string, string>>;
  /** Which rows of the issuers file count, beside those that name no environment; null if no row may name one. */
  readonly environment: string | null;
  /** Null before the first deployment. */
  readonly shape: Shape | null;
}

/** One Worker, or one for each service with the gateway in front. */
export type Shape = "composed" | "split";

export const DEFAULT_NAME = "sigedge";
/** A Worker's name is a DNS label of at most 63 characters; the longest suffix is `-sequencer`. */
const NAME = /^[a-z][a-z0-9-]{0,40}[a-z0-9]$/;
const ENVIRONMENT = /^[a-z][a-z0-9]{0,20}$/;
const FILE = "deployment.json";

/** The flags that choose a deployment. */
export const DEPLOYMENT_FLAGS = {
  env: {
    value: "NAME",
    description: `Another deployment beside the default one, for example staging: folder ${DEFAULT_FOLDER}-NAME, Workers ${DEFAULT_NAME}-NAME.`,
  },
  dir: {
    value: "DIR",
    description: `The folder of the deployment. Default: ${DEFAULT_FOLDER} in ${IS_INSTALLED ? "the current folder" : "this checkout"}.`,
  },
} as const;

/** The deployment that the flags choose. */
export interface Selection {
  /** Absolute. */
  readonly folder: string;
  /** The name of a new deployment in this folder. */
  readonly name: string;
}

/** Finds the folder that the flags choose. The error is one line. */
export function selectDeployment({
  dir,
  env,
}: {
  readonly dir: string | null;
  readonly env: string | null;
}): Result<Selection, string> {
  if (env !== null && !ENVIRONMENT.test(env)) return err("--env must be a word of lowercase letters and digits");
  const suffix = env === null ? "" : `-${env}`;
  const folder = dir === null ? join(workingFolder(), `${DEFAULT_FOLDER}${suffix}`) : resolve(dir);
  return ok({ folder, name: `${DEFAULT_NAME}${suffix}` });
}

/** The flags that choose a deployment from the current folder; none for the default one. */
export function deploymentFlags({ folder }: Pick<Deployment, "folder">): readonly string[] {
  const beside = defaultFolder();
  const env = folder.startsWith(`${beside}-`) ? folder.slice(beside.length + 1) : null;
  if (folder === beside) return [];
  return env !== null && ENVIRONMENT.test(env) ? ["--env", env] : ["--dir", quoteForShell(shortenPath(folder))];
}

/** A path as a word of a shell. */
export const quoteForShell = (path: string): string =>
  /^[\w@%+=:,./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;

/** Reads the deployment of a folder, null if it holds none. The error is a line for the operator. */
export function readDeployment(folder: string): Result<Deployment | null, string> {
  const path = join(folder, FILE);
  if (!existsSync(path)) return ok(null);
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(path, "utf8"));
  } catch {
    return err(`${shortenPath(path)} is not JSON; restore it from a backup`);
  }
  const decoded = decodeDeployment(json);
  return decoded.ok ? ok({ folder, ...decoded.value }) : err(`${shortenPath(path)} ${decoded.error}`);
}

/** Decodes deployment.json. The error completes its path. */
function decodeDeployment(json: unknown): Result<Omit<Deployment, "folder">, string> {
  if (!isObject(json)) return err("is not an object; restore it from a backup");
  const { version, name, url, settings, shape = null, environment = null } = json;
  if (version !== 1) return err("was written by another version of sigedge");
  if (typeof name !== "string" || !NAME.test(name)) return err("has no usable name");
  const publicUrl = typeof url === "string" ? parsePublicUrl(url) : ok(null);
  if (!publicUrl.ok) return err(`has a url that is wrong: PUBLIC_URL ${publicUrl.error.reason}`);
  if (!isStrings(settings)) return err("has settings that are not strings");
  if (!isEnvironment(environment)) return err("has an environment that is not a word");
  if (shape !== null && shape !== "composed" && shape !== "split") return err("has an unknown shape");
  return ok({ name, publicUrl: publicUrl.value, settings, environment, shape });
}

const isEnvironment = (value: unknown): value is string | null =>
  value === null || (typeof value === "string" && value !== "");

const isStrings = (value: unknown): value is Readonly<Record<string, string>> =>
  typeof value === "object" && value !== null && Object.values(value).every((text) => typeof text === "string");

/** Reads the deployment of a folder. The error, also for a folder without a deployment, is a line for the operator. */
export function requireDeployment(selection: Selection): Result<Deployment, string> {
  const read = readDeployment(selection.folder);
  if (!read.ok) return read;
  return read.value === null
    ? err(`${shortenPath(selection.folder)} holds no deployment; create one with: npx sigedge init --url https://HOST`)
    : ok(read.value);
}

/** Whether a text may be the name of a deployment. */
export const isName = (text: string): boolean => NAME.test(text);

/** The text of deployment.json. */
export const deploymentText = ({
  name,
  publicUrl,
  settings,
  environment,
  shape,
}: Omit<Deployment, "folder">): string => {
  const url = publicUrl?.href ?? null;
  const chosen = environment === null ? {} : { environment };
  return `${JSON.stringify({ version: 1, name, url, ...chosen, shape, settings }, null, 2)}\n`;
};

/** Replaces deployment.json. */
export const writeDeployment = (deployment: Deployment): void =>
  writePrivate(join(deployment.folder, FILE), deploymentText(deployment));

/**
 * Chooses the shape of a deployment; recordShape makes the choice permanent. The logs' storage belongs to one Worker:
 * in the other shape, the same keys would sign a second history. The error is a line for the operator.
 */
export function chooseShape(
  deployment: Deployment,
  shape: Shape,
): Result<Deployment & { readonly publicUrl: PublicUrl }, string> {
  const { publicUrl } = deployment;
  if (publicUrl === null)
    return err("the deployment has no address yet; set it with: npx sigedge init --url https://HOST");
  if (deployment.shape !== null && deployment.shape !== shape) {
    return err(
      `${shortenPath(deployment.folder)} is deployed ${deployment.shape}; the logs' storage belongs to that Worker, and in the other ` +
        "shape the same keys would sign a second history. docs/deploy.md describes how to move",
    );
  }
  return ok({ ...deployment, publicUrl, shape });
}

/** Records the shape just before the first Worker is uploaded: a failure before that decides nothing. */
export function recordShape(deployment: Deployment): void {
  const known = readDeployment(deployment.folder);
  if (known.ok && known.value !== null && known.value.shape === null)
    writeDeployment({ ...known.value, shape: deployment.shape });
}

/** Forgets the shape after a first upload that did not happen. */
export function forgetShape(deployment: Deployment): void {
  const known = readDeployment(deployment.folder);
  if (known.ok && known.value !== null) writeDeployment({ ...known.value, shape: null });
}

/** The folder of the online keys and the chains. */
export const keysFolder = ({ folder }: Pick<Deployment, "folder">): string => join(folder, "keys");

/** The folder of the offline keys, until they are moved offline. */
export const offlineFolder = ({ folder }: Pick<Deployment, "folder">): string => join(folder, "offline");

/** All settings of the services. */
export interface WorkerSettings {
  readonly secrets: Readonly<Record<string, string>>;
  readonly vars: Readonly<Record<string, string>>;
}

/** Reads and checks all settings of the services. The error names the file at fault. */
export function workerSettings(deployment: Deployment): Result<WorkerSettings, string> {
  const keys = readKeys(keysFolder(deployment), unixMs(Date.now()));
  if (!keys.ok) return err(describeDamagedKeys(keys.error, keysFolder(deployment), PRODUCTION));
  const exposed = Object.keys(deployment.settings).find(isSecret);
  // wrangler prints settings, and uploads them as plain text.
  if (exposed !== undefined) {
    const file = shortenPath(join(deployment.folder, FILE));
    return err(
      `${exposed} is a secret: remove it from the settings of ${file}, and keep it in keys/${secretForm(exposed)}`,
    );
  }
  const files = fileSettings(settingsFolder(deployment));
  if (!files.ok) return files;
  const shards: Result<Readonly<Record<string, string>>, string> = deployment.publicUrl === null
    ? ok({})
    : readShards(deployment.folder, deployment.publicUrl);
  if (!shards.ok) return shards;
  const witness = witnessSecret(deployment.folder, files.value);
  if (!witness.ok) return witness;
  const secrets: Record<string, string> = { ...tufSecret(deployment.folder), ...witness.value };
  const vars: Record<string, string> = {};
  const others = readFormerSettings(deployment);
  if (!others.ok) return others;
  for (const [name, value] of Object.entries({ ...keys.value, ...others.value, ...shards.value }))
    (isSecret(name) ? secrets : vars)[name] = value;
  const url = deployment.publicUrl === null ? {} : { PUBLIC_URL: deployment.publicUrl.href };
  const all: WorkerSettings = {
    secrets,
    vars: { ...url, ...withoutFormer(deployment.settings), ...files.value, ...vars },
  };
  const missing = deployment.publicUrl === null ? WITHOUT_ADDRESS : {};
  const checked = validateSettings({ ...missing, ...all.vars, ...all.secrets }, PRODUCTION);
  return checked.ok ? ok(all) : checked;
}

/**
 * All settings with every former key and every retirement, as the trusted root needs them: the settings of the services
 * may leave out old ones. The error names the file at fault.
 */
export function trustSettings(deployment: Deployment): Result<Readonly<Record<string, string>>, string> {
  const settings = workerSettings(deployment);
  if (!settings.ok) return settings;
  const all = joinAllSettings(deployment);
  const { secrets, vars } = settings.value;
  return all.ok ? ok({ ...secrets, ...withoutFormer(vars), ...all.value }) : all;
}

const PRODUCTION = { allowLoopbackIssuers: false } as const;

const secretForm = (name: string): string =>
  name === "CA_KEY" ? ` as ca.key.pem, or the URL of a key in Vault as ${REMOTE_CA_KEY_FILE}` : "";

/** Stand-ins for the settings that `sigedge init --url` adds, so that the others can be checked before. */
const WITHOUT_ADDRESS = { PUBLIC_URL: "https://sigedge.invalid", ISSUERS: "[]" };

const settingsFolder = ({ folder, environment, publicUrl }: Deployment): SettingsFolder => ({
  folder,
  environment,
  needsIssuers: publicUrl !== null,
});

/** The line that says how many public issuers a deployment admits without a policy; null if none. */
export const openIssuersLine = (deployment: Deployment): string | null =>
  describePublicIssuers(settingsFolder(deployment));

/** A path as a person would type it in the current folder. */
export function shortenPath(path: string): string {
  const short = relative(process.cwd(), path);
  return short === "" || short.startsWith("..") ? path : short;
}

/** Replaces a file as a whole, readable by its owner alone. */
export function writePrivate(path: string, text: string): void {
  const unfinished = join(path, "..", `.${basename(path)}.unfinished-${process.pid}`);
  try {
    writeFileSync(unfinished, text, { mode: 0o600, flag: "wx", flush: true });
    // The umask can only have removed permissions.
    chmodSync(unfinished, 0o600);
    renameSync(unfinished, path);
  } catch (error) {
    rmSync(unfinished, { force: true });
    throw error;
  }
}
