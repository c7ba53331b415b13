// SPDX-License-Identifier: Apache-2.0

import type { Client, Operation } from "./client.ts";

const verify = (artifact: string, chain: string): string =>
  `timestamp-cli verify --timestamp response.tsr --artifact ${artifact} --certificate-chain ${chain}`;

const timestamps = (hash: string): readonly Operation[] => [
  {
    name: `timestamp (${hash})`,
    shows: "sign",
    run: `timestamp-cli --timestamp_server "$S" timestamp --hash ${hash} --artifact README.md --out response.tsr`,
  },
  { name: `verify (${hash})`, shows: "verify", run: verify("README.md", "chain.pem") },
];

const OPERATIONS: readonly Operation[] = [
  { name: "chain of the authority", run: 'curl -fsS "$S/api/v1/timestamp/certchain" > chain.pem' },
  ...["sha384", "sha512", "sha256"].flatMap(timestamps),
  { name: "inspect", run: "timestamp-cli inspect --timestamp response.tsr" },
  {
    name: "timestamp without certificate and nonce",
    run: 'timestamp-cli --timestamp_server "$S" timestamp --certificate=false --nonce=false --artifact README.md --out bare.tsr',
  },
  {
    name: "reject another artifact",
    run: verify("other.txt", "chain.pem"),
    refusedWith: /hashed messages don't match/,
  },
  {
    name: "reject the chain of another authority",
    run: `curl -fsS "$S/api/v1/rootCert" > other-chain.pem; ${verify("README.md", "other-chain.pem")}`,
    refusedWith: /certificate signed by unknown authority/,
  },
];

export const TIMESTAMP_CLI: Client = {
  name: "timestamp-cli",
  signs: "timestamps",
  tool: "timestamp-cli",
  about: "RFC 3161 timestamps only.",
  transports: ["files"],
  operations: () => OPERATIONS,
};
