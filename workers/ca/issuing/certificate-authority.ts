// SPDX-License-Identifier: Apache-2.0
// Everything that issuing needs, behind ports: no environment, clock, randomness or network of its own.

import type { SequencerRpc } from "../../../shared/rpc/sequencer.ts";
import type { UnixMs } from "../../../shared/time.ts";
import { isInUse, type Retirement } from "../../../shared/trust/retired-keys.ts";
import type { Limits } from "../limits.ts";
import type { CaChain } from "../signer/ca-chain.ts";
import type { CertificateSigner } from "../signer/ca-key.ts";
import type { Identification } from "./identify.ts";
import type { TokenRevocation, TokenUse } from "./token-use.ts";

/** A configured CA. One is made per isolate. */
export interface CertificateAuthority {
  readonly identification: Identification;
  readonly limits: Limits;
  readonly chain: CaChain;
  /** The chains of earlier and coming issuing CAs. */
  readonly otherChains: readonly OtherChain[];
  readonly lifetimeMs: number;
  readonly signer: CertificateSigner;
  readonly tokenUse: TokenUse;
  readonly isTokenRevoked: TokenRevocation;
  /** The certificate logs that accept entries, in the order in which to try them. */
  readonly logs: () => readonly WritableLog[];
  readonly now: () => UnixMs;
  readonly randomBytes: (length: number) => Uint8Array;
}

/** The chain of an issuing CA that does not issue now. */
interface OtherChain {
  /** In DER, the root last. */
  readonly certificates: readonly Uint8Array[];
  readonly retirement: Retirement | null;
}

/** All chains that are trusted now, the issuing CA's first: certificates in DER, each chain with its root last. */
export function listTrustedChains({
  chain,
  otherChains,
  now,
}: Pick<CertificateAuthority, "chain" | "otherChains" | "now">): readonly (readonly Uint8Array[])[] {
  const others = otherChains.filter(({ retirement }) => isInUse(retirement, now()));
  return [chain.certificates, ...others.map(({ certificates }) => certificates)];
}

/** A certificate log that accepts entries. */
interface WritableLog {
  readonly name: string;
  /** Returns a new stub of the log's sequencer on each call. A rejected promise means that the platform failed. */
  readonly sequencer: () => Pick<SequencerRpc, "appendCertificate">;
}
