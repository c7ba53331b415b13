// SPDX-License-Identifier: Apache-2.0
// Which clients sign, and which verify, as sigstore-conformance would ask them.

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

/** All that can sign and all that can verify this kind of bundle. */
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
    return verify ? [{ client, verify: (bundle: string) => verify(transport, { ...PLAIN, bundle }) }] : [];
  });
  return { signers, verifiers };
}
