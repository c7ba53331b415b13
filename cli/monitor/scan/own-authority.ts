// SPDX-License-Identifier: Apache-2.0
// Which authority issued a certificate: one of the trusted root, or another. Only asked where a selector or the
// cross-check needs it, as the signature costs a verification.

import type { X509Certificate } from "node:crypto";
import type { AuthorityVerdict, JudgeAuthority } from "../../../shared/monitor/selectors/facts.ts";
import { isIssuedBy, parseX509 } from "../../audit/issuers.ts";
import type { Authority } from "../../served-log/trusted-root.ts";

/** The authorities of a trusted root. */
export interface OwnAuthorities {
  /** Whether one of them issued a certificate, at whichever time. Without any, every certificate may be of one. */
  readonly mayHaveIssued: (der: Uint8Array) => boolean;
  /** Whether one of them issued it while it was trusted, and its certificates were valid. */
  readonly judge: JudgeAuthority;
}

/** An authority whose chain is linked. */
interface Issuing {
  readonly issuer: X509Certificate;
  /** In ms. */
  readonly start: number;
  readonly end: number;
}

/** Prepares the authorities. One whose certificates do not lead to the last of its chain has issued nothing. */
export function ownAuthorities(authorities: readonly Authority[]): OwnAuthorities {
  const issuing = authorities.flatMap(toIssuing);
  const findIssuers = (der: Uint8Array): readonly Issuing[] => {
    const certificate = parseX509(der);
    return certificate === null ? [] : issuing.filter(({ issuer }) => isIssuedBy(certificate, issuer));
  };
  return {
    mayHaveIssued: (der) => authorities.length === 0 || findIssuers(der).length > 0,
    judge: (der, at): AuthorityVerdict => {
      if (authorities.length === 0) return "unknown";
      return findIssuers(der).some(({ start, end }) => start <= at && at <= end) ? "own" : "other";
    },
  };
}

function toIssuing({ chain, start, end }: Authority): readonly Issuing[] {
  const certificates = chain.flatMap(({ der }) => parseX509(der) ?? []);
  const [issuer] = certificates;
  const isLinked = certificates.every((certificate, i) => {
    const above = certificates[i + 1];
    return above === undefined || isIssuedBy(certificate, above);
  });
  if (issuer === undefined || certificates.length < chain.length || !isLinked) return [];
  return [
    {
      issuer,
      start: Math.max(start ?? 0, ...chain.map(({ notBefore }) => notBefore)),
      end: Math.min(end ?? Number.POSITIVE_INFINITY, ...chain.map(({ notAfter }) => notAfter)),
    },
  ];
}
