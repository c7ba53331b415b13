// SPDX-License-Identifier: Apache-2.0
// A thief with the key of a CA, or of its root, who goes on after the operator has taken it out of use. Nothing that is
// made with the key after its retirement may be accepted: by the log, by who reads the trusted root, or in an audit.

import { parsePublicKey } from "../../shared/crypto/public-key.ts";
import { parsePublicUrl } from "../../shared/http/public-url.ts";
import { isObject, member } from "../../shared/json/member.ts";
import { type UnixMs, unixMs } from "../../shared/time.ts";
import type { TrustMaterial } from "../../shared/trust/material.ts";
import {
  isAccepted,
  keyFingerprint,
  parseRetiredKeys,
  type RetiredKeys,
  retirementOf,
} from "../../shared/trust/retired-keys.ts";
import { trustedRoot } from "../../shared/trust/trusted-root.ts";
import { DEFAULT_BOUNDS } from "../../workers/log/rekor-v2/write-budget.ts";
import { applyWritePolicy, issuersOf } from "../../workers/log/rekor-v2/write-policy.ts";
import { CA, leafNamed, ROOT, STRANGER } from "../support/authority/signing-chain.ts";
import { valueOf } from "../support/value-of.ts";

/** The rotation of a stolen key. */
export interface Rotation {
  /** A root's key makes every certificate below it. */
  readonly key: "ca" | "root";
  /** In whole seconds, as the setting has it. */
  readonly retiredAt: number;
  readonly isCompromised: boolean;
}

interface Attempt {
  readonly at: number;
  readonly isAdmitted: boolean;
  /** The identity of the entry that the thief had logged, if it was let in. */
  readonly identity: string;
  /** The settings at that time. */
  readonly retired: RetiredKeys;
}

/** After a rotation without a theft, a certificate may still be logged for this long. */
const IN_FLIGHT_MS = 3_600_000;
const CHAIN = [CA, ROOT] as const;

/** One stolen key, its rotation, and everything that the thief has tried. */
export class StolenKey {
  rotation: Rotation | null = null;
  #retired: RetiredKeys = new Map();
  readonly #attempts: Attempt[] = [];

  /** Deploys the setting RETIRED_KEYS. */
  rotate(rotation: Rotation): void {
    this.rotation = rotation;
    const row = {
      sha256: keyFingerprint(rotation.key === "ca" ? CA : ROOT),
      retired: `${new Date(rotation.retiredAt).toISOString().slice(0, 19)}Z`,
      compromised: rotation.isCompromised,
    };
    this.#retired = valueOf(parseRetiredKeys(JSON.stringify([row])));
  }

  /** Whether the log lets an entry with the stolen key in. `identity` is the entry's, for the audit. */
  tryEntry(at: UnixMs, identity: string): boolean {
    const isAdmitted = isAccepted(retirementOf(this.#retired, CHAIN), at);
    this.#attempts.push({ at, isAdmitted, identity, retired: this.#retired });
    return isAdmitted;
  }

  /**
   * Returns what is wrong, null if nothing is.
   * @param isLogged whether the log has an entry of this identity
   */
  async findFault(isLogged: (identity: string) => boolean): Promise<string | null> {
    const { rotation } = this;
    for (const attempt of this.#attempts) {
      const isOver = rotation !== null && attempt.retired.size > 0 && attempt.at >= closingTimeOf(rotation);
      const isTaken = attempt.isAdmitted || (await isTakenByPolicy(attempt));
      if (isOver && isTaken) return `the log takes what a key signed that was retired at ${rotation.retiredAt}`;
      if (isOver && isLogged(attempt.identity)) return "an audit finds an entry of a key that had been retired";
    }
    const end = rotation === null ? null : trustedUntil(this.#retired);
    return rotation !== null && (end === "forever" || Number(end) > rotation.retiredAt)
      ? `the trusted root trusts a key until ${end} that was retired at ${rotation.retiredAt}`
      : null;
  }
}

const closingTimeOf = ({ retiredAt, isCompromised }: Rotation): number =>
  retiredAt + (isCompromised ? 0 : IN_FLIGHT_MS);

/** Decides about a certificate of the stolen CA as the front end of the log does. */
async function isTakenByPolicy({ at, retired }: Attempt): Promise<boolean> {
  const certificate = leafNamed("email");
  const policy = {
    accept: "own-ca",
    issuers: issuersOf([CHAIN, [STRANGER]], retired),
    listedKeys: new Set<string>(),
    bounds: DEFAULT_BOUNDS,
  } as const;
  const key = valueOf(parsePublicKey(certificate.spki));
  return (await applyWritePolicy(policy, { key, certificate }, unixMs(at))).ok;
}

/** The end of the range in which the trusted root trusts the stolen CA; 0 if it is not in there. */
function trustedUntil(retiredKeys: RetiredKeys): number | "forever" {
  const material: TrustMaterial = {
    publicUrl: valueOf(parsePublicUrl("https://sign.example.com")),
    signatureLogs: [],
    certificateLogs: [],
    oidcProviders: [],
    offeredLogs: [],
    caChain: [STRANGER],
    otherCaChains: [CHAIN],
    tsaChain: [STRANGER],
    otherTsaChains: [],
    retiredKeys,
  };
  const all = member(trustedRoot(material), "certificateAuthorities");
  const [, stolen] = Array.isArray(all) ? (all as readonly unknown[]) : [];
  if (!isObject(stolen)) return 0;
  const end = member(member(stolen, "validFor"), "end");
  return typeof end === "string" ? Date.parse(end) : "forever";
}
