// SPDX-License-Identifier: Apache-2.0
// Keys that the folder has retired while the running deployment still uses them: what they sign after their retirement
// is trusted by nobody.

import { createPublicKey, type KeyObject, X509Certificate } from "node:crypto";
import { sha256 } from "#sha256";
import { encodeHex } from "../../shared/bytes/hex.ts";
import { member } from "../../shared/json/member.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import { formatRfc3339, unixMs } from "../../shared/time.ts";
import type { RetiredRow } from "../../shared/trust/retired-keys.ts";
import { getJson } from "../status/observe.ts";
import { PATHS } from "../status/paths.ts";
import { type Deployment, deploymentFlags, shortenPath } from "./deployment.ts";
import { RETIRED_KEYS_FILE, readRetiredKeys } from "./retired-keys.ts";

/** A retirement that the running deployment does not announce. */
export interface Undeployed {
  /** The part that was rotated. */
  readonly what: string;
  /** RFC 3339. */
  readonly retired: string;
}

/** For a row that an operator wrote without saying what it is of; in a command, a placeholder. */
const UNNAMED = "WHAT";
/** A deployment takes some minutes; until its end, the former key signs. */
const DEPLOY_MS = 10 * 60_000;
/** As much time as `rotate --finish` gives. */
const POSTPONED_MS = 24 * 3_600_000;

/**
 * Finds the planned retirements that a served trusted root does not announce. A compromised key is not among them: its
 * time is in the past on purpose. @param trustedRoot the JSON of /trusted_root.json
 */
export function findUndeployed(rows: readonly RetiredRow[], trustedRoot: unknown): readonly Undeployed[] {
  const served = readServedKeys(trustedRoot);
  const undeployed = rows.filter(
    ({ sha256: fingerprint, retired, compromised }) =>
      compromised !== true &&
      served.some((key) => key.fingerprint === fingerprint && (key.end === null || key.end > Date.parse(retired))),
  );
  const byText = new Map(undeployed.map(({ what = UNNAMED, retired }) => [`${what} ${retired}`, { what, retired }]));
  return [...byText.values()];
}

/** Whether a retirement has passed, or passes before a deployment that starts now is complete. */
export const isOverdue = ({ retired }: Undeployed, now: number): boolean => Date.parse(retired) <= now + DEPLOY_MS;

/** Describes the problem of an overdue retirement. */
export const describeOverdue = ({ what, retired }: Undeployed): string =>
  `the former key of ${what} is retired from ${retired} on, but the running deployment still signs with it: clients reject what it signs after that`;

/** Describes the problem that a retirement will cause unless it is deployed. */
export const describePending = ({ what, retired }: Undeployed): string =>
  `the rotation of ${what} is not deployed: clients reject what the running deployment signs from ${retired} on`;

/** Advises how to postpone an overdue retirement, with commands for the deployment. */
export function postponeRetirement(deployment: Deployment, { what }: Undeployed, now: number): string {
  const flags = deploymentFlags(deployment);
  const time = formatRfc3339(unixMs(now + POSTPONED_MS));
  const file = `${shortenPath(deployment.folder)}/${RETIRED_KEYS_FILE}`;
  return `give it a later time, such as "retired": "${time}" in ${file}; then ${["npx sigedge rotate", what, "--finish", ...flags].join(" ")}, and deploy`;
}

/**
 * Finds the planned retirements of a folder that the running deployment does not announce; none if it does not answer,
 * as it then signs nothing. The error is a line for the operator.
 */
export async function readUndeployed(deployment: Deployment): Promise<Result<readonly Undeployed[], string>> {
  const rows = readRetiredKeys(deployment.folder);
  if (!rows.ok) return rows;
  if (deployment.publicUrl === null || rows.value.length === 0) return ok([]);
  const root = await getJson(`${deployment.publicUrl.href}${PATHS.trustedRoot}`);
  return ok(root.ok ? findUndeployed(rows.value, root.value) : []);
}

/**
 * Refuses a deployment after a retirement that was planned for later than it. Gives a short result for the report; the
 * error says what to do.
 */
export async function refuseOverdue(deployment: Deployment, now: number): Promise<Result<string, string>> {
  const undeployed = await readUndeployed(deployment);
  if (!undeployed.ok) return undeployed;
  const overdue = undeployed.value.find((one) => isOverdue(one, now));
  if (overdue === undefined) return ok("in time");
  return err(`${describeOverdue(overdue)}; ${postponeRetirement(deployment, overdue, now)}`);
}

interface ServedKey {
  readonly fingerprint: string;
  readonly end: number | null;
}

const list = (value: unknown, name: string): readonly unknown[] => {
  const items = member(value, name);
  return Array.isArray(items) ? items : [];
};

/** Every key of a trusted root, with the end of the range in which clients trust it. */
function readServedKeys(trustedRoot: unknown): readonly ServedKey[] {
  const authorities = ["certificateAuthorities", "timestampAuthorities"].flatMap((name) => list(trustedRoot, name));
  const logs = ["tlogs", "ctlogs"].flatMap((name) => list(trustedRoot, name));
  return [
    ...authorities.flatMap((authority) =>
      list(member(authority, "certChain"), "certificates").flatMap((certificate) =>
        readServedKey(member(certificate, "rawBytes"), authority, (der) => new X509Certificate(der).publicKey),
      ),
    ),
    ...logs.flatMap((log) => {
      const key = member(log, "publicKey");
      return readServedKey(member(key, "rawBytes"), key, (der) =>
        createPublicKey({ key: der, format: "der", type: "spki" }),
      );
    }),
  ];
}

/** None for bytes that are no key: they are not one of ours. */
function readServedKey(rawBytes: unknown, holder: unknown, parse: (der: Buffer) => KeyObject): readonly ServedKey[] {
  const end = Date.parse(String(member(member(holder, "validFor"), "end")));
  try {
    const spki = parse(Buffer.from(String(rawBytes), "base64")).export({ type: "spki", format: "der" });
    return [{ fingerprint: encodeHex(sha256(spki)), end: Number.isNaN(end) ? null : end }];
  } catch {
    return [];
  }
}
