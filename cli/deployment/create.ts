// SPDX-License-Identifier: Apache-2.0
// Creates the folder of a deployment with every key. Offline keys are encrypted before they are written, so none is
// ever on a disk in the clear. Uses no network.

import { createPrivateKey, generateKeyPairSync, randomInt } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { PublicUrl } from "../../shared/http/public-url.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import { unixMs } from "../../shared/time.ts";
import { IGNORED_BY_GIT, makeFolder, makeKeyFiles, OFFLINE_KEY_FILES } from "../keys/keys.ts";
import { ROOT } from "../root.ts";
import { encryptKey } from "../tuf/encrypted-key.ts";
import {
  type Deployment,
  deploymentText,
  keysFolder,
  shortenPath,
  writeDeployment,
  writePrivate,
} from "./deployment.ts";
import { failDamaged, readJsonFile } from "./json-file.ts";
import { OPERATOR_JWKS_FILE, OPERATOR_KEY_FILE, operatorOf, operatorRow, readOperatorJwks } from "./operator-issuer.ts";
import { PASSPHRASE_FILE } from "./passphrase.ts";
import { makeRepository, makeTufKeys } from "./trust-root.ts";

/** The issuers that the CA accepts at first, beside the operator issuer. */
export type FirstIssuers = "public" | "none";

/** A deployment to create. */
export interface NewDeployment {
  readonly folder: string;
  readonly name: string;
  /** Null if setUrl follows later. */
  readonly publicUrl: PublicUrl | null;
  readonly issuers: FirstIssuers;
  /** Null to generate one and write it beside the keys. */
  readonly passphrase: string | null;
  /** Further files, by path; the trust root that is signed follows their settings. */
  readonly files?: ReadonlyMap<string, string>;
}

/** The name in certificates of a deployment without an address. */
const NAMELESS = "Sigedge";
const SETTINGS = { ACCEPT: "own-ca+listed-keys" };

/** Creates the whole folder or nothing. The error is a line for the operator. */
export async function createDeployment(wanted: NewDeployment): Promise<Result<Deployment, string>> {
  const { folder, name, publicUrl } = wanted;
  const deployment: Deployment = { folder, name, publicUrl, settings: SETTINGS, environment: null, shape: null };
  if (existsSync(folder))
    return err(`${shortenPath(folder)} exists and holds no deployment; choose another with --dir DIR`);
  const passphrase = wanted.passphrase ?? createPassphrase();
  try {
    const tree = await makeTree({ ...wanted, passphrase }, deployment);
    if (wanted.passphrase === null) tree.set(`offline/${PASSPHRASE_FILE}`, `${passphrase}\n`);
    makeFolder(dirname(folder));
    writeTree(folder, tree, (unfinished) => {
      makeTufKeys(unfinished, passphrase);
      const repository = publicUrl === null ? ok(null) : makeRepository(unfinished, publicUrl, passphrase);
      if (!repository.ok) throw new Error(repository.error);
    });
  } catch (error) {
    return err(`${shortenPath(folder)} cannot be written (${error instanceof Error ? error.message : "unknown"})`);
  }
  return ok(deployment);
}

type WithPassphrase = NewDeployment & { readonly passphrase: string };

async function makeTree(wanted: WithPassphrase, deployment: Deployment): Promise<Map<string, string>> {
  const { publicUrl, issuers, passphrase } = wanted;
  const tree = new Map([["deployment.json", deploymentText(deployment)], IGNORED_BY_GIT]);
  const keys = makeKeyFiles({ hostname: publicUrl?.hostname ?? NAMELESS, now: unixMs(Date.now()) });
  for (const [file, text] of keys) {
    if (OFFLINE_KEY_FILES.includes(file)) tree.set(`offline/${file}`, encryptKey(createPrivateKey(text), passphrase));
    else tree.set(`keys/${file}`, text);
  }
  const operator = generateKeyPairSync("ec", { namedCurve: "prime256v1" }).privateKey;
  const jwks = await readOperatorJwks(operator);
  tree.set(`offline/${OPERATOR_KEY_FILE}`, encryptKey(operator, passphrase));
  tree.set(`keys/${OPERATOR_JWKS_FILE}`, `${JSON.stringify(jwks)}\n`);
  tree.set("offline/README.txt", OFFLINE_README);
  if (publicUrl !== null) tree.set("issuers.yaml", issuersText(publicUrl, jwks, issuers));
  for (const [path, text] of wanted.files ?? []) tree.set(path, text);
  return tree;
}

/**
 * Writes all files or none, even if the process dies: the folder appears by a rename.
 * @param complete adds files before the rename
 */
function writeTree(folder: string, tree: ReadonlyMap<string, string>, complete: (unfinished: string) => void): void {
  const unfinished = mkdtempSync(`${folder}.unfinished-`);
  try {
    for (const [path, text] of tree) {
      mkdirSync(dirname(join(unfinished, path)), { recursive: true, mode: 0o700 });
      writeFileSync(join(unfinished, path), text, { mode: 0o600, flag: "wx", flush: true });
    }
    complete(unfinished);
    renameSync(unfinished, folder);
  } catch (error) {
    rmSync(unfinished, { recursive: true, force: true });
    throw error;
  }
}

/**
 * Sets the permanent address of a deployment that has none, and signs its trust root. The error is a line for the
 * operator.
 */
export function setUrl(
  deployment: Deployment,
  { publicUrl, issuers, passphrase }: Address,
): Result<Deployment, string> {
  const repository = makeRepository(deployment.folder, publicUrl, passphrase);
  if (!repository.ok) return repository;
  const path = join(deployment.folder, "issuers.yaml");
  const jwksFile = join(keysFolder(deployment), OPERATOR_JWKS_FILE);
  const jwks = readJsonFile(jwksFile);
  if (!jwks.ok) return jwks;
  if (jwks.value === null) return failDamaged(`${jwksFile} is missing`);
  if (!existsSync(path)) writePrivate(path, issuersText(publicUrl, jwks.value, issuers));
  const complete = { ...deployment, publicUrl };
  writeDeployment(complete);
  return ok(complete);
}

interface Address {
  readonly publicUrl: PublicUrl;
  readonly issuers: FirstIssuers;
  readonly passphrase: string;
}

/** The text of issuers.yaml: the operator issuer, then the rows of docs/public-issuers.yaml. */
function issuersText(publicUrl: PublicUrl, jwks: object, issuers: FirstIssuers): string {
  const row = operatorRow(operatorOf(publicUrl), jwks);
  const publicText = readFileSync(join(ROOT, "docs", "public-issuers.yaml"), "utf8");
  const rows = issuers === "public" ? publicText.slice(publicText.indexOf("oidc-issuers:\n") + 14) : "";
  return `${ISSUERS_HEADER}oidc-issuers:\n${row}${rows}`;
}

const ISSUERS_HEADER = `# The OpenID issuers whose identity tokens the CA accepts. After an edit: npx sigedge deploy
# docs/identities.md describes the rows. A public issuer admits all of its users; remove the issuers that you do not need.

`;

const OFFLINE_README = `Private keys that no Worker has, each encrypted with the passphrase of \`sigedge init\` (PKCS#8; to inspect one:
openssl pkey -in FILE -noout -text).

  file                     signs                            needed for (sigedge …)
  ca-root.key.pem          the next issuing CA              rotate ca
  tsa-root.key.pem         the next timestamp authority     rotate tsa
  tuf-targets.key.pem      trusted roots, signing configs   rotate of a CA, a TSA or a log; tuf-targets, tuf-expiry
  tuf-root-1…3.key.pem     the TUF root: any two of them    rotate tuf-root, tuf-targets, tuf-online, tuf-expiry
  ${OPERATOR_KEY_FILE}  tokens of one identity           deploy (or: deploy --no-smoke-test)

After the first \`sigedge deploy\`, move this folder off this machine: copy it to two media that are not connected to any
machine, check each copy (openssl pkey -in FILE -noout asks for the passphrase), then delete it here. Keep the
passphrase elsewhere.

A person with two root keys and the passphrase decides what clients trust. To keep the root keys apart, leave one of the
three on each of three media, the other files on two of them, and put together in one folder what a command needs:
--offline DIR. A command that lacks a file says which; run it again with the file.
`;

/** 6 × 5 characters of a base32 alphabet without l, o, 0 and 1, which are easily misread: 150 bits. */
function createPassphrase(): string {
  const alphabet = "abcdefghijkmnpqrstuvwxyz23456789";
  const group = (): string => Array.from({ length: 5 }, () => alphabet[randomInt(alphabet.length)]).join("");
  return Array.from({ length: 6 }, group).join("-");
}
