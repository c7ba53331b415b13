// SPDX-License-Identifier: Apache-2.0
// Every signer and every verifier, driven by the commands of the sigstore-conformance protocol.

import { type Client, PLAIN, type Transport } from "./client.ts";

export type Kind = "message" | "attestation";

interface Signer {
  readonly client: Client;
  readonly sign: (bundle: string) => string;
}

interface Verifier {
  readonly client: Client;
  readonly verify: (bundle: string) => string;
}

/** Whether a verifier can read what a signer makes. */
export const canRead = (signer: Client, verifier: Client, kind: Kind): boolean =>
  kind === "message" || signer.conformance?.attestNotFor?.includes(verifier.name) !== true;

/** The clients that sign, and the clients that verify, this kind of bundle over a transport. */
export function pairsOf(
  clients: readonly Client[],
  transport: Transport,
  kind: Kind,
): { readonly signers: readonly Signer[]; readonly verifiers: readonly Verifier[] } {
  const signers = clients.flatMap((client) => {
    const sign = kind === "message" ? client.conformance?.sign : client.conformance?.attest;
    const transports = client.conformance?.signOver ?? client.transports;
    return sign && transports.includes(transport)
      ? [{ client, sign: (bundle: string) => sign(transport, bundle) }]
      : [];
  });
  const verifiers = clients.flatMap((client) => {
    const verify = kind === "message" ? client.conformance?.verify : client.conformance?.verifyAttestation;
    return verify && client.transports.includes(transport)
      ? [{ client, verify: (bundle: string) => verify(transport, { ...PLAIN, bundle }) }]
      : [];
  });
  return { signers, verifiers };
}
