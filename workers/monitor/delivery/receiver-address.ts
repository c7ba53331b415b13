// SPDX-License-Identifier: Apache-2.0
// Which addresses messages may go to. Whoever sets up a watch chooses the address, so it must not lead into a network:
// https, a public name, and none of the deployment's own hosts.

import { addressProblem, type Neighborhood } from "../../../shared/http/outside.ts";

/** A host name that a resolver of the public can know: labels with a dot, the last one no number. */
const PUBLIC_NAME = /^(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z](?:[a-z0-9-]*[a-z0-9])?\.?$/;
/** RFC 6761, RFC 6762, RFC 8375, RFC 9476, and the name that ICANN reserves for private use. */
const PRIVATE_ENDS = /\.(?:local|localhost|internal|intranet|lan|home|corp|arpa|test|invalid|example|onion|alt)\.?$/;

/** Why no message may go there; completes "the address …". Null if one may. */
export function receiverProblem(text: string, neighborhood: Neighborhood): string | null {
  const problem = addressProblem(text, neighborhood);
  if (problem !== null) return problem;
  const { hostname, protocol, hash } = new URL(text);
  if (hash !== "") return "must not have a fragment";
  if (neighborhood.allowsLoopback && /^(?:localhost|127\.\d+\.\d+\.\d+)$/.test(hostname)) return null;
  if (protocol !== "https:") return "must start with https://";
  return PUBLIC_NAME.test(hostname) && !PRIVATE_ENDS.test(hostname) ? null : "must have a public host name";
}
