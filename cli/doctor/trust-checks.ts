// SPDX-License-Identifier: Apache-2.0
// Whether clients trust the keys that run, and what expires.

import { createPublicKey, verify } from "node:crypto";
import { items } from "../../shared/json/member.ts";
import { ecdsaKeyId, findSignature, parseNote } from "../../shared/tlog/note.ts";
import { expiriesOf, gaugesOf, jsonOf, type TrustRoot, trustRootOf } from "../status/observe.ts";
import { PATHS } from "../status/paths.ts";
import { concludeInPart, error, type Finding, type Outcome, warning } from "./finding.ts";
import { readAs, requireSuccess, type Site } from "./site.ts";

const DAY_MS = 86_400_000;
const EXPIRY_ERROR_DAYS = 7;
const EXPIRY_WARNING_DAYS = 60;

/** Compares the trusted root with the CA, the timestamp authority and the log that run. */
export async function checkTrustRoot(site: Site): Promise<Outcome> {
  const root = await readAs(site, PATHS.trustedRoot, trustRootOf);
  if (!root.ok) return concludeInPart([], [root.error]);
  const fix = `settings and secrets come from two deployments; deploy both from one folder: ${site.advice.deploy}`;
  const compared = [
    await compareCa(site, root.value),
    await compareTsa(site, root.value),
    await compareLog(site, root.value),
  ];
  return concludeInPart(
    compared.flatMap(({ finding }) => (finding === null ? [] : [error("trust-root", finding, fix)])),
    compared.flatMap(({ unread }) => unread ?? []),
  );
}

interface Compared {
  readonly finding: string | null;
  readonly unread: string | null;
}

const reportUnread = (reason: string): Compared => ({ finding: null, unread: reason });
const compare = (isSame: boolean, finding: string): Compared => ({ finding: isSame ? null : finding, unread: null });

async function compareCa(site: Site, { cas }: TrustRoot): Promise<Compared> {
  const bundle = await readAs(site, PATHS.trustBundle, jsonOf);
  if (!bundle.ok) return reportUnread(bundle.error);
  const chains = items(bundle.value, "chains");
  const issuing = cas[0]?.[0]?.toString().trim();
  const isThere = (chain: unknown): boolean => String(items(chain, "certificates")[0]).trim() === issuing;
  const found = "the CA of the trust root is not the one that issues";
  return compare(chains.some(isThere), found);
}

async function compareTsa(site: Site, { tsas }: TrustRoot): Promise<Compared> {
  const chain = await readAs(site, PATHS.certChain, requireSuccess);
  if (!chain.ok) return reportUnread(chain.error);
  const isThere = tsas.some(([leaf]) => leaf !== undefined && chain.value.text.includes(leaf.toString().trim()));
  return compare(isThere, "the timestamp authority of the trust root is not the one that signs");
}

async function compareLog(site: Site, { tlogKeys }: TrustRoot): Promise<Compared> {
  const head = await readAs(site, PATHS.checkpoint, requireSuccess);
  if (!head.ok) return reportUnread(head.error);
  const isSigned = tlogKeys.some((key) => isSignedBy(head.value.text, site.publicUrl.hostname, key));
  return compare(isSigned, "no key of the trust root has signed the signature log's checkpoint");
}

function isSignedBy(checkpoint: string, name: string, spki: string): boolean {
  const note = parseNote(Buffer.from(checkpoint));
  const der = Buffer.from(spki, "base64");
  const line = note.ok ? findSignature(note.value, name, ecdsaKeyId(der)) : null;
  if (!note.ok || line === null) return false;
  const key = createPublicKey({ key: der, format: "der", type: "spki" });
  return verify("sha256", Buffer.from(note.value.text), key, line.signature);
}

/** Finds what expires soon. */
export async function checkExpiry(site: Site): Promise<Outcome> {
  const root = await readAs(site, PATHS.trustedRoot, trustRootOf);
  if (!root.ok) return concludeInPart([], [root.error]);
  const gauges = await readAs(site, PATHS.metrics, gaugesOf);
  const fix = `rotate it before it expires, so that clients learn the new one in time: ${site.advice.rotate} (npx sigedge rotate --help)`;
  const findings = expiriesOf(root.value, gauges.ok ? gauges.value : []).flatMap((expiry) =>
    expiryFinding(expiry, fix),
  );
  return concludeInPart(findings, []);
}

function expiryFinding({ what, at }: { readonly what: string; readonly at: Date }, fix: string): readonly Finding[] {
  const days = Math.floor((at.getTime() - Date.now()) / DAY_MS);
  // Timestamp and snapshot are signed again every day; /healthz reports it if that fails.
  if (/timestamp|snapshot/i.test(what) ? days >= 1 : days >= EXPIRY_WARNING_DAYS) return [];
  const level = days < EXPIRY_ERROR_DAYS ? error : warning;
  const when = days < 0 ? `expired on ${at.toISOString().slice(0, 10)}` : `expires in ${days} days`;
  return [level("expiry", `${what} ${when}`, fix)];
}
