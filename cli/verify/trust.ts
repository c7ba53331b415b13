// SPDX-License-Identifier: Apache-2.0
// Reads the trusted root of a verification: from a file, or by TUF from a deployment, whose root of trust is pinned.
// Spec: https://theupdateframework.github.io/specification/latest/#detailed-client-workflow

import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { initTUF } from "@sigstore/tuf";
import { parseTrustedRoot, type TrustedRoot } from "../../shared/bundle/trusted-root.ts";
import { member } from "../../shared/json/member.ts";
import { parseJson } from "../../shared/json/parse.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import { cacheFolder } from "../audit/state.ts";
import { get } from "../status/observe.ts";
import { tufPath } from "../status/paths.ts";
import type { TrustSource } from "./options.ts";

/** A trusted root, and where it came from. */
export interface FoundRoot {
  readonly root: TrustedRoot;
  /** A line for the person: which root of trust vouches for it. */
  readonly origin: string;
}

/** Reads the trusted root. The error is a line for the person. */
export async function findTrustedRoot(source: TrustSource): Promise<Result<FoundRoot, string>> {
  if (source.kind === "file") return toRoot(readFileSync(source.path), `the trusted root in ${source.path}`);
  const { url, root } = source;
  const folder = pinFolder(url, root);
  const first = root === null ? null : readRoot(root);
  if (first?.ok === false) return first;
  const updated = await updateByTuf({ url, folder, firstRoot: first === null ? null : first.value });
  if (!updated.ok) return updated;
  const { trustedRoot, isFirst } = updated.value;
  const how =
    isFirst && root === null ? "whose root of trust this first use has pinned" : "by its pinned root of trust";
  return toRoot(Buffer.from(trustedRoot), `the trusted root of ${url}, ${how} (${folder})`);
}

/** A deployment, and the folder that keeps its TUF metadata. */
export interface TufClient {
  readonly url: string;
  readonly folder: string;
  /** The first root of trust; null to pin the one that the first use finds. */
  readonly firstRoot: string | null;
}

/** The trusted root that TUF vouches for. */
export interface TufTarget {
  readonly trustedRoot: string;
  /** The pinned root of trust, JSON. */
  readonly firstRoot: string;
  readonly isFirst: boolean;
  /** Until when each role's metadata is valid, in ms. */
  readonly expiries: readonly { readonly role: string; readonly notAfter: number }[];
}

/** Updates the trusted root of a deployment by TUF. The error is a line for the person. */
export async function updateByTuf({ url, folder, firstRoot }: TufClient): Promise<Result<TufTarget, string>> {
  const file = join(folder, FIRST_ROOT);
  const isFirst = !existsSync(file);
  const pinned = isFirst ? await storeFirstRoot(url, firstRoot, folder) : ok(null);
  if (!pinned.ok) return pinned;
  try {
    const mirrorURL = `${url}${tufPath("")}`;
    const tuf = await initTUF({ mirrorURL, rootPath: file, cachePath: folder });
    return ok({
      trustedRoot: await tuf.getTarget("trusted_root.json"),
      firstRoot: readFileSync(file, "utf8"),
      isFirst,
      expiries: readExpiries(folder, mirrorURL),
    });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    // A root that never led to a trusted root is not worth a pin.
    if (isFirst) rmSync(folder, { recursive: true, force: true });
    return err(`could not update the trusted root of ${url} by TUF, with the root pinned in ${folder}: ${reason}`);
  }
}

const ROLES = ["root", "targets", "snapshot", "timestamp"];

/** Reads them from the metadata that the client has verified and stored. */
function readExpiries(folder: string, mirrorUrl: string): TufTarget["expiries"] {
  const { host, pathname } = new URL(mirrorUrl);
  // The name that @sigstore/tuf gives to the folder of a repository.
  const repository = join(folder, encodeURIComponent(`${host}${pathname.replace(/\/$/, "")}`));
  return ROLES.flatMap((role) => {
    const json = parseJson(readFileSync(join(repository, `${role}.json`)));
    const expires = member(member(json.ok ? json.value : null, "signed"), "expires");
    const notAfter = typeof expires === "string" ? Date.parse(expires) : Number.NaN;
    return Number.isSafeInteger(notAfter) && notAfter >= 0 ? [{ role, notAfter }] : [];
  });
}

function toRoot(json: Uint8Array, origin: string): Result<FoundRoot, string> {
  const root = parseTrustedRoot(json);
  return root.ok ? ok({ root: root.value, origin }) : err(`${origin} ${root.error.reason}`);
}

/** One folder for each deployment and first root: a root that the caller names never meets one that was found. */
function pinFolder(url: string, root: string | null): string {
  const hash = createHash("sha256").update(url);
  if (root !== null) hash.update(readFileSync(root));
  return join(
    cacheFolder(process.env),
    "sigedge",
    "tuf",
    `${new URL(url).hostname}-${hash.digest("hex").slice(0, 16)}`,
  );
}

/** The root of trust that is pinned. TUF keeps newer ones beside it. */
const FIRST_ROOT = "first-root.json";
const MAX_ROOT_BYTES = 1024 * 1024;

/** Stores the first root. Whoever answers this one request decides whom this machine trusts from then on. */
async function storeFirstRoot(url: string, root: string | null, folder: string): Promise<Result<null, string>> {
  const text = root === null ? await fetchRoot(url) : ok(root);
  if (!text.ok) return text;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, FIRST_ROOT), text.value);
  return ok(null);
}

function readRoot(path: string): Result<string, string> {
  return statSync(path).size > MAX_ROOT_BYTES
    ? err(`${path} is too large for a TUF root`)
    : ok(readFileSync(path, "utf8"));
}

async function fetchRoot(url: string): Promise<Result<string, string>> {
  const answer = await get(`${url}${tufPath("1.root.json")}`);
  if (!answer.ok) return err(`${url}${tufPath("1.root.json")} ${answer.error}`);
  if (answer.value.status === 200) return ok(answer.value.text);
  return err(
    `${url} has no TUF repository (${answer.value.status}): save its trusted root with npx sigedge trust ${url} --out DIR, and give it with --trusted-root`,
  );
}
