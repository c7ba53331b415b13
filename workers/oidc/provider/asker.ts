// SPDX-License-Identifier: Apache-2.0
// Describes the client that asks for a sign-in, in the words of a page.

import { clientNetwork } from "../../../shared/http/client-address.ts";
import { err, ok, type Result } from "../../../shared/result.ts";
import type { WaitingDevice } from "../../../shared/rpc/grants.ts";
import { unreachable } from "../../../shared/unreachable.ts";
import type { SignInError } from "../errors.ts";
import type { Asker, DeviceAsker } from "../pages/page.ts";
import { findAsked } from "./answers.ts";
import type { Provider } from "./provider.ts";
import type { SignIn } from "./sign-in.ts";

/** Finds the client that asks. Fails with device_over, or client_unknown if a new configuration no longer has it. */
export async function findAsker(
  request: Request,
  provider: Provider,
  signIn: SignIn,
): Promise<Result<Asker, SignInError>> {
  if (signIn.kind === "device") {
    const device = await provider.grants().findDevice(signIn.userCode, clientNetwork(request));
    return device.ok ? ok(toDeviceAsker(request, provider, device.value)) : err({ code: "device_over" });
  }
  const asked = findAsked(provider, signIn);
  if (asked === null) return err({ code: "client_unknown", clientId: signIn.clientId });
  const { client, target } = asked;
  switch (target.kind) {
    case "out_of_band":
      return ok({ kind: "terminal", client: client.name });
    case "loopback":
      return ok({ kind: "loopback", client: client.name, port: target.port });
    case "site":
      return ok({ kind: "site", client: client.name, host: target.host });
    default:
      return unreachable(target);
  }
}

function toDeviceAsker(request: Request, { config, platform }: Provider, device: WaitingDevice): DeviceAsker {
  return {
    kind: "device",
    client: config.clients.get(device.clientId)?.name ?? device.clientId,
    userCode: device.userCode,
    askedSecondsAgo: Math.max(0, Math.floor((platform.now() - device.askedAt) / 1000)),
    country: device.country,
    network: compareNetworks(request, device),
  };
}

/** Whether the person's browser is in the network of the device. */
export function compareNetworks(request: Request, { network }: Pick<WaitingDevice, "network">): DeviceAsker["network"] {
  const own = clientNetwork(request);
  if (own === null || network === null) return "unknown";
  return own === network ? "same" : "other";
}
