// SPDX-License-Identifier: Apache-2.0
// The person's answer about a program on another device. Spec: RFC 8628 §3.3, §5.4; RFC 9700 §4.12; BCP 247

import { clientNetwork } from "../../../shared/http/client-address.ts";
import { respondWithPage } from "../pages/respond.ts";
import { showError } from "./answers.ts";
import { compareNetworks } from "./asker.ts";
import { type Granting, makeGrantedIdentity } from "./grant.ts";
import type { Provider } from "./provider.ts";
import type { SignIn } from "./sign-in.ts";

interface Decision {
  readonly signIn: Extract<SignIn, { kind: "device" }>;
  /** Null: refused. */
  readonly granted: Granting | null;
}

/** Tells the waiting device, and the person that it has been told. */
export async function decideDevice(
  request: Request,
  provider: Provider,
  { signIn, granted }: Decision,
): Promise<Response> {
  const { config } = provider;
  if (config.deviceFlow === "off") return showError(request, { code: "device_off" });
  const grants = provider.grants();
  const device = await grants.findDevice(signIn.userCode, clientNetwork(request));
  if (!device.ok) return showError(request, { code: "device_over" });
  const compared = compareNetworks(request, device.value);
  // Nothing in front of a local stack names networks.
  const isHere = compared === "same" || (compared === "unknown" && config.publicUrl.isLoopback);
  if (granted !== null && config.deviceFlow === "same-network" && !isHere) {
    return showError(request, { code: "device_network_differs" });
  }
  const identity = granted === null ? null : await makeGrantedIdentity(provider, granted);
  const isTold = await grants.decideDevice(signIn.userCode, identity);
  if (!isTold) return showError(request, { code: "device_over" });
  const client = config.clients.get(device.value.clientId)?.name ?? device.value.clientId;
  return respondWithPage(request, { kind: "device_done", client, address: identity?.address ?? null });
}
