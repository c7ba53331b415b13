// SPDX-License-Identifier: Apache-2.0
// The files that signers and verifiers need: the documents that a deployment publishes, and the same keys and chains
// as separate files, for clients that do not read a trusted root.

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { encodePem } from "../../shared/bytes/pem.ts";
import { parsePublicUrl } from "../../shared/http/public-url.ts";
import { isList, items, member } from "../../shared/json/member.ts";
import { REKOR_V1_LOG } from "../../shared/logs/kinds/rekor-v1.ts";
import { ownIssuerOf } from "../../shared/oidc/own-issuer.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import { get } from "../status/observe.ts";
import { PATHS, tufPath } from "../status/paths.ts";
import { parsePlainJson } from "../status/plain-text.ts";

/** Text by file name. */
type TrustFiles = ReadonlyMap<string, string>;

const DOCUMENTS = ["trusted_root.json", "signing_config.json"] as const;

/** The addresses and files of a deployment that clients need. */
export interface Trust {
  /** The address of the service, from the signing config. */
  readonly url: string;
  /** Where people log in; null if tokens come from elsewhere, as in CI. */
  readonly provider: string | null;
  /** The issuer that certificates name, where it is certain: of the provider, or of a local stack's own tokens. */
  readonly issuer: string | null;
  readonly timestampUrl: string;
  /** The address of the log for clients of Rekor v1, null if there is none. */
  readonly rekorV1Url: string | null;
  /** Whether the deployment has a TUF repository. Its root is then one of the files. */
  readonly hasTuf: boolean;
  readonly files: TrustFiles;
}

/** Reads the documents from a deployment. */
export async function readTrustFromUrl(url: string): Promise<Result<Trust, string>> {
  const files = new Map<string, string>();
  for (const name of DOCUMENTS) {
    const answer = await get(`${url}/${name}`);
    if (!answer.ok) return err(`${url}/${name} ${answer.error}`);
    if (answer.value.status !== 200)
      return err(`${url}/${name} answers ${answer.value.status}: ${answer.value.text.slice(0, 200)}`);
    files.set(name, answer.value.text);
  }
  const root = await get(`${url}${tufPath("root.json")}`);
  if (root.ok && root.value.status === 200) files.set("root.json", root.value.text);
  return complete(files, url);
}

/** Reads the documents from a folder that --out has written. */
export function readTrustFromFolder(folder: string): Result<Trust, string> {
  const files = new Map<string, string>();
  for (const name of DOCUMENTS) {
    const path = join(folder, name);
    if (!existsSync(path))
      return err(`${folder} has no ${name}; write it with: npx sigedge trust https://HOST --out ${folder}`);
    files.set(name, readFileSync(path, "utf8"));
  }
  const root = join(folder, "root.json");
  if (existsSync(root)) files.set("root.json", readFileSync(root, "utf8"));
  return complete(files, null);
}

/** A stack on this machine, which has the development issuer. */
export function isLocal(url: string): boolean {
  const publicUrl = parsePublicUrl(url);
  return publicUrl.ok && publicUrl.value.isLoopback;
}

/** The provider that clients choose: of those that are valid now, the one that became valid last. */
function providerOf(config: unknown): string | null {
  const now = Date.now();
  const valid = items(config, "oidcUrls").filter(
    (row) => Date.parse(startOf(row)) <= now && now < Date.parse(timeOf(row, "end") ?? "9999-12-31T00:00:00Z"),
  );
  const [newest] = valid.toSorted((a, b) => startOf(b).localeCompare(startOf(a)));
  return newest === undefined ? null : textOf(newest, "url");
}

const startOf = (row: unknown): string => timeOf(row, "start") ?? "1970-01-01T00:00:00Z";

function timeOf(row: unknown, end: "start" | "end"): string | null {
  const validFor = member(row, "validFor");
  return member(validFor, end) === undefined ? null : textOf(validFor, end);
}

/** Throws if the member is missing or no list. */
function listOf(value: unknown, name: string): readonly unknown[] {
  const list = member(value, name);
  if (!isList(list)) throw new TypeError(`${name} is missing`);
  return list;
}

/** Throws if the member is missing or no text. */
function textOf(value: unknown, name: string): string {
  const text = member(value, name);
  if (typeof text !== "string") throw new TypeError(`${name} is missing`);
  return text;
}

/** The address of the first service in a list of a signing config, null if the list is empty. */
function firstUrl(config: unknown, list: "caUrls" | "tsaUrls"): string | null {
  const [first] = listOf(config, list);
  return first === undefined ? null : textOf(first, "url");
}

/**
 * Why the addresses of a signing config cannot be printed in commands to paste, null if they can: a server could name
 * another service, or write a command of its own into one.
 * @param asked the address that the config was read from, null for a file
 */
function addressProblem({ url, timestampUrl, provider, rekorV1Url }: Addresses, asked: string | null): string | null {
  const publicUrl = parsePublicUrl(url);
  if (!publicUrl.ok) return `names a CA whose address ${publicUrl.error.reason}`;
  if (asked !== null && publicUrl.value.href !== asked) return `is for ${publicUrl.value.href}, not for ${asked}`;
  if (timestampUrl !== `${url}${PATHS.timestamp}`) return "names a timestamp authority of another address";
  if (rekorV1Url !== null && !PLAIN_URL.test(rekorV1Url)) return "names a log whose address is not a URL";
  return provider === null || PLAIN_URL.test(provider) ? null : "names a provider whose address is not a URL";
}

type Addresses = Pick<Trust, "url" | "timestampUrl" | "provider" | "rekorV1Url">;

/** Scheme, host, port and path, of characters that no shell interprets. */
const PLAIN_URL = /^https?:\/\/[A-Za-z0-9.-]+(:\d+)?(\/[A-Za-z0-9._~%/-]*)?$/;

function complete(documents: Map<string, string>, asked: string | null): Result<Trust, string> {
  try {
    const root = parsePlainJson(documents.get("trusted_root.json") ?? "");
    const config = parsePlainJson(documents.get("signing_config.json") ?? "");
    const clientConfig = {
      mediaType: "application/vnd.dev.sigstore.clienttrustconfig.v0.1+json",
      trustedRoot: root,
      signingConfig: config,
    };
    const files = new Map(documents)
      .set("client_trust_config.json", `${JSON.stringify(clientConfig, null, 2)}\n`)
      .set("fulcio-chain.pem", listOf(root, "certificateAuthorities").map(chainPem).join(""))
      .set("tsa-chain.pem", listOf(root, "timestampAuthorities").map(chainPem).join(""))
      .set("rekor.pub", listOf(root, "tlogs").map(keyPem).join(""))
      .set("rekor-v1.pub", listOf(root, "tlogs").filter(isRekorV1).map(keyPem).join(""))
      .set("ctfe.pub", listOf(root, "ctlogs").map(keyPem).join(""));
    const [url, timestampUrl] = [firstUrl(config, "caUrls"), firstUrl(config, "tsaUrls")];
    if (url === null || timestampUrl === null) return err("the signing config lacks a CA or a TSA");
    const provider = providerOf(config);
    const rekorV1Url = rekorV1UrlOf(config);
    const problem = addressProblem({ url, timestampUrl, provider, rekorV1Url }, asked);
    if (problem !== null) return err(`the signing config ${problem}`);
    const issuer = provider ?? (isLocal(url) ? ownIssuerOf(url) : null);
    return ok({ url, provider, issuer, timestampUrl, rekorV1Url, hasTuf: files.has("root.json"), files });
  } catch (error) {
    return err(`the trust documents cannot be read (${error instanceof Error ? error.message : "unknown"})`);
  }
}

const isRekorV1 = (log: unknown): boolean => textOf(log, "baseUrl").endsWith(REKOR_V1_LOG.basePath);

/** The log of Rekor v1 that the signing config offers: at most one, as clients disagree about which of two to use. */
function rekorV1UrlOf(config: unknown): string | null {
  const log = items(config, "rekorTlogUrls").find((row) => member(row, "majorApiVersion") === REKOR_V1_LOG.rekorApi);
  return log === undefined ? null : textOf(log, "url");
}

const toPem = (label: string, holder: unknown): string =>
  encodePem(label, Buffer.from(textOf(holder, "rawBytes"), "base64"));

const chainPem = (authority: unknown): string =>
  listOf(member(authority, "certChain"), "certificates")
    .map((certificate) => toPem("CERTIFICATE", certificate))
    .join("");

const keyPem = (log: unknown): string => toPem("PUBLIC KEY", member(log, "publicKey"));
