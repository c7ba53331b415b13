// SPDX-License-Identifier: Apache-2.0
// Every client of the suite, in the order in which the tables list them.

import type { Client, Operation, Transport } from "./client.ts";
import { FLUX, POLICY_CONTROLLER } from "./cluster.ts";
import { COSIGN } from "./cosign.ts";
import { COSIGN_2 } from "./cosign-2.ts";
import { GITSIGN } from "./gitsign.ts";
import { GO_WITNESS } from "./go-witness.ts";
import { MODEL_SIGNING } from "./model-signing.ts";
import { NPM } from "./npm.ts";
import { PYPI_ATTESTATIONS } from "./pypi-attestations.ts";
import { SIGSTORE_CLI } from "./sigstore-cli.ts";
import { SIGSTORE_GO } from "./sigstore-go.ts";
import { SIGSTORE_JAVA } from "./sigstore-java.ts";
import { SIGSTORE_JS } from "./sigstore-js.ts";
import { SIGSTORE_NPM } from "./sigstore-npm.ts";
import { SIGSTORE_PYTHON } from "./sigstore-python.ts";
import { SIGSTORE_RUST } from "./sigstore-rust.ts";
import { TIMESTAMP_CLI } from "./timestamp-cli.ts";

export const CLIENTS: readonly Client[] = [
  COSIGN,
  COSIGN_2,
  SIGSTORE_GO,
  SIGSTORE_PYTHON,
  SIGSTORE_JS,
  SIGSTORE_NPM,
  SIGSTORE_CLI,
  NPM,
  GITSIGN,
  TIMESTAMP_CLI,
  SIGSTORE_JAVA,
  SIGSTORE_RUST,
  MODEL_SIGNING,
  PYPI_ATTESTATIONS,
  GO_WITNESS,
  POLICY_CONTROLLER,
  FLUX,
];

export const TRANSPORTS: readonly Transport[] = ["files", "tuf"];

/** All operations of a client over a transport, its setup first; empty if the client does not support the transport. */
export const operationsOf = (client: Client, transport: Transport): readonly Operation[] =>
  client.transports.includes(transport) ? [...(client.setUp?.(transport) ?? []), ...client.operations(transport)] : [];
