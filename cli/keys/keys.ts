// SPDX-License-Identifier: Apache-2.0
// The keys and certificates of a deployment as files in a private folder: created once, checked at every start, never
// replaced.

import { createPrivateKey, generateKeyPairSync, type KeyObject, X509Certificate } from "node:crypto";
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { equal } from "../../shared/bytes/bytes.ts";
import { decodePem } from "../../shared/bytes/pem.ts";
import type { PublicUrl } from "../../shared/http/public-url.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import type { UnixMs } from "../../shared/time.ts";
import { unreachable } from "../../shared/unreachable.ts";
import { SEQUENCER_KINDS } from "../../workers/sequencer/kinds/kinds.ts";
import { certifyAuthority, certifyTimestampAuthority, type Occasion, spkiOf } from "./certificates.ts";
import { addProviderSecrets, makeProviderSecrets, readProviderSecrets } from "./provider-secrets.ts";

/** A file in every folder that gets keys: `git add` then leaves them alone, wherever the folder is. */
export const IGNORED_BY_GIT: readonly [file: string, text: string] = [".gitignore", "*\n"];

/** Settings of workers/ by name: PEM texts. */
export type Secrets = Readonly<Record<string, string>>;

export type KeysError =
  | { readonly code: "state_unwritable"; readonly folder: string; readonly reason: string }
  | { readonly code: "state_of_another_url"; readonly folder: string; readonly publicUrl: string }
  | { readonly code: "key_file_damaged"; readonly file: string; readonly reason: string };

interface Algorithm {
  readonly name: string;
  readonly make: () => KeyObject;
  readonly matches: (key: KeyObject | null) => boolean;
}

const curve = (name: string, nodeName: string): Algorithm => ({
  name,
  make: () => generateKeyPairSync("ec", { namedCurve: nodeName }).privateKey,
  matches: (key) => key?.asymmetricKeyDetails?.namedCurve === nodeName,
});

export const P256 = curve("P-256", "prime256v1");
const P384 = curve("P-384", "secp384r1");
export const ED25519: Algorithm = {
  name: "Ed25519",
  make: () => generateKeyPairSync("ed25519").privateKey,
  matches: (key) => key?.asymmetricKeyType === "ed25519",
};
const RSA_2048: Algorithm = {
  name: "RSA-2048",
  make: () => generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey,
  matches: (key) => key?.asymmetricKeyType === "rsa" && key?.asymmetricKeyDetails?.modulusLength === 2048,
};

interface KeyFile {
  readonly file: string;
  readonly algorithm: Algorithm;
  /** Null for a root, which signs once and can be moved offline. */
  readonly setting: string | null;
}

/** The file of the key in a setting: SIGNATURE_LOG_KEY is in signature-log.key.pem. */
const toKeyFile = (setting: string, algorithm: Algorithm): KeyFile => {
  const name = setting.toLowerCase().replaceAll("_", "-").replace(/-key$/, "");
  return { file: `${name}.key.pem`, algorithm, setting };
};

/** Every private key with its setting. */
const KEY_FILES: readonly KeyFile[] = [
  { file: "ca-root.key.pem", algorithm: P384, setting: null },
  toKeyFile("CA_KEY", P256),
  { file: "tsa-root.key.pem", algorithm: P384, setting: null },
  toKeyFile("TSA_KEY", P256),
  ...Object.values(SEQUENCER_KINDS)
    .flatMap(({ keySettings }) => [
      keySettings && toKeyFile(keySettings.ecdsa, P256),
      keySettings?.ed25519 && toKeyFile(keySettings.ed25519, ED25519),
    ])
    .filter((row) => row !== null && row !== undefined),
  toKeyFile("OIDC_KEY", RSA_2048),
];

/** Certificate chains, online key first and root last. */
const CHAIN_FILES = [
  {
    file: "ca-chain.pem",
    setting: "CA_CHAIN",
    online: "ca.key.pem",
    root: "ca-root.key.pem",
    certify: certifyAuthority,
  },
  {
    file: "tsa-chain.pem",
    setting: "TSA_CHAIN",
    online: "tsa.key.pem",
    root: "tsa-root.key.pem",
    certify: certifyTimestampAuthority,
  },
] as const;

/** The address that the keys belong to: names in certificates and origins of logs depend on it. */
const URL_FILE = "public-url.txt";

/** Reads the address that the keys of a state folder belong to. Fails with a line for the operator. */
export function readStateUrl(state: string): Result<string, string> {
  const text = readText(join(state, "keys"), URL_FILE);
  return text === null
    ? err(`${state} is not the state folder of a local stack: it has no keys/${URL_FILE}`)
    : ok(text.trim());
}

/** The files of keys that no Worker gets; they sign once and can then be moved offline. */
export const OFFLINE_KEY_FILES: readonly string[] = KEY_FILES.flatMap(({ file, setting }) =>
  setting === null ? [file] : [],
);

/**
 * The settings in the files of `<state>/keys`. The first call creates the folder with everything in it.
 * Fails with state_unwritable, state_of_another_url, key_file_damaged.
 */
export function openKeys(state: string, publicUrl: PublicUrl, now: UnixMs): Result<Secrets, KeysError> {
  const folder = join(state, "keys");
  try {
    makeFolder(state);
    accessSync(state, constants.W_OK);
    if (!existsSync(folder)) {
      const files = makeKeyFiles({ hostname: publicUrl.hostname, now });
      writeFolder(folder, new Map([IGNORED_BY_GIT, [URL_FILE, `${publicUrl.href}\n`], ...files]));
    }
  } catch (error) {
    return err({ code: "state_unwritable", folder: state, reason: reasonOf(error) });
  }
  const owner = readText(folder, URL_FILE)?.trim() ?? null;
  if (owner === null) return err({ code: "key_file_damaged", file: join(folder, URL_FILE), reason: "is missing" });
  if (owner !== publicUrl.href) return err({ code: "state_of_another_url", folder: state, publicUrl: owner });
  try {
    addProviderSecrets(folder);
  } catch (error) {
    return err({ code: "state_unwritable", folder: state, reason: reasonOf(error) });
  }
  return readKeys(folder, now);
}

/** Not one of KEY_FILES, as only a witness has it. */
const WITNESS_KEY_FILE = "witness.key.pem";

/** The witness's key in `<state>/keys`, created by the first call. Fails with state_unwritable. */
export function openWitnessKey(state: string): Result<string, KeysError> {
  const file = join(state, "keys", WITNESS_KEY_FILE);
  try {
    // wx: if two start at once, only one creates the key.
    if (!existsSync(file))
      writeFileSync(file, ED25519.make().export({ type: "pkcs8", format: "pem" }).toString(), {
        mode: 0o600,
        flag: "wx",
      });
  } catch (error) {
    return err({ code: "state_unwritable", folder: state, reason: reasonOf(error) });
  }
  return ok(readFileSync(file, "utf8"));
}

/** Describes an error in a line for the operator. */
export function describeKeysError(error: KeysError): string {
  switch (error.code) {
    case "state_unwritable":
      return `cannot write the state folder ${error.folder} (${error.reason}); choose another with --state DIR`;
    case "state_of_another_url":
      return `the state folder ${error.folder} belongs to ${error.publicUrl}; start with that --port, or choose another with --state DIR`;
    case "key_file_damaged":
      return `${error.file} ${error.reason}; restore it from a backup, or choose another state folder with --state DIR`;
    default:
      return unreachable(error);
  }
}

/**
 * Creates a folder of mode 0700 and its parents. Does not use mkdir's own recursion, which never returns in Node 24
 * on a file system that answers ENOENT to every mkdir (/proc).
 */
export function makeFolder(folder: string): void {
  if (existsSync(folder)) return;
  makeFolder(dirname(folder));
  mkdirSync(folder, { mode: 0o700 });
}

/** Creates keys and certificates: the text of each file. @param occasion `hostname` names the authorities */
export function makeKeyFiles(occasion: Occasion): ReadonlyMap<string, string> {
  const keys = new Map(KEY_FILES.map(({ file, algorithm }) => [file, algorithm.make()]));
  const files = new Map(makeProviderSecrets());
  for (const [file, key] of keys) files.set(file, key.export({ type: "pkcs8", format: "pem" }).toString());
  for (const { file, online, root, certify } of CHAIN_FILES) {
    const pair = { online: keys.get(online), root: keys.get(root) } as Record<"online" | "root", KeyObject>;
    files.set(file, certify(pair, occasion));
  }
  return files;
}

/** Writes all files or none, even if the process dies: the folder is written under another name, then renamed. */
export function writeFolder(folder: string, files: ReadonlyMap<string, string>): void {
  const unfinished = mkdtempSync(`${folder}.unfinished-`);
  for (const [file, text] of files) {
    writeFileSync(join(unfinished, file), text, { mode: 0o600, flag: "wx", flush: true });
  }
  renameSync(unfinished, folder);
}

/** Reads and checks the settings in the files of a folder. Offline keys may be absent. Fails with key_file_damaged. */
export function readKeys(folder: string, now: UnixMs): Result<Secrets, KeysError> {
  const secrets: Record<string, string> = { ...readProviderSecrets(folder) };
  for (const row of KEY_FILES) {
    const { file, setting } = row;
    if (setting === null && readText(folder, file) === null) continue;
    const key = setting === "CA_KEY" ? readCaKey(folder, row) : readKeyFile(folder, row);
    if (!key.ok) return key;
    if (setting !== null) secrets[setting] = key.value;
  }
  for (const { file, setting, online, root } of CHAIN_FILES) {
    const text = readText(folder, file);
    const problem =
      text === null
        ? "is missing"
        : chainProblem(
            text,
            [online, root].map((name) => readText(folder, name)),
            now,
          );
    if (text === null || problem !== null) return failDamaged(folder, file, problem ?? "");
    secrets[setting] = text;
  }
  return ok(secrets);
}

/** In place of ca.key.pem: the URL of a key in a remote signer, with the signer's token. */
export const REMOTE_CA_KEY_FILE = "ca.key.url";

/** Reads the key of the CA, or the URL of one. Fails with key_file_damaged. */
function readCaKey(folder: string, row: KeyFile): Result<string, KeysError> {
  const url = readText(folder, REMOTE_CA_KEY_FILE);
  if (url === null) return readKeyFile(folder, row);
  if (readText(folder, row.file) !== null)
    return failDamaged(folder, REMOTE_CA_KEY_FILE, `and ${row.file} exclude each other`);
  const isOpen = (statSync(join(folder, REMOTE_CA_KEY_FILE)).mode & 0o077) !== 0;
  if (isOpen) return failDamaged(folder, REMOTE_CA_KEY_FILE, "holds a token and others can read it (chmod 600)");
  return ok(url.trim());
}

/** The settings in the files of a folder that exist, whatever they hold. */
export function readKeyTexts(folder: string): Secrets {
  const texts = [...KEY_FILES, ...CHAIN_FILES].flatMap(({ file, setting }) => {
    const text = readText(folder, file);
    return setting === null || text === null ? [] : [[setting, text]];
  });
  return { ...Object.fromEntries(texts), ...readProviderSecrets(folder) } as Secrets;
}

/** Reads the PEM text of a key of this algorithm. Fails with key_file_damaged. */
function readKeyFile(folder: string, { file, algorithm }: KeyFile): Result<string, KeysError> {
  const text = readText(folder, file);
  if (text === null) return failDamaged(folder, file, "is missing");
  return algorithm.matches(parseKey(text))
    ? ok(text)
    : failDamaged(folder, file, `is not a ${algorithm.name} private key`);
}

const failDamaged = (folder: string, file: string, reason: string): Result<never, KeysError> =>
  err({ code: "key_file_damaged", file: join(folder, file), reason });

/**
 * Describes the problem of a chain; null if there is none. Each certificate must match its key, be issued by the next,
 * and not have expired.
 */
function chainProblem(text: string, keys: readonly (string | null)[], now: UnixMs): string | null {
  const chain = parseChain(text);
  if (chain.length !== keys.length) return `does not hold ${keys.length} certificates`;
  for (const [i, certificate] of chain.entries()) {
    const issuer = chain[i + 1] ?? certificate;
    const key = keys[i] ?? null;
    const spki = certificate.publicKey.export({ type: "spki", format: "der" });
    if (key !== null && !equal(spki, spkiOf(createPrivateKey(key)))) return "does not match its private keys";
    if (!certificate.checkIssued(issuer) || !certificate.verify(issuer.publicKey)) return "is not a certificate chain";
    if (certificate.validToDate.getTime() < now) return `expired on ${certificate.validTo}`;
  }
  return null;
}

/** The certificates of a PEM text; empty if it is not valid. */
function parseChain(text: string): readonly X509Certificate[] {
  const blocks = decodePem(text);
  try {
    return blocks.ok ? blocks.value.map(({ der }) => new X509Certificate(der)) : [];
  } catch {
    return [];
  }
}

function parseKey(text: string): KeyObject | null {
  try {
    return createPrivateKey(text);
  } catch {
    return null;
  }
}

/** The text of a file, null if it cannot be read. */
export function readText(folder: string, file: string): string | null {
  try {
    return readFileSync(join(folder, file), "utf8");
  } catch {
    return null;
  }
}

/** The system's code of an error: EACCES, ENOTDIR, … */
export const reasonOf = (error: unknown): string =>
  error instanceof Error && "code" in error ? String(error.code) : String(error);
