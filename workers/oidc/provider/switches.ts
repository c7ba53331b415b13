// SPDX-License-Identifier: Apache-2.0
// The ways to sign in that a deployment offers beside the browser on the same computer.

import { err, ok, type Result } from "../../../shared/result.ts";

/** Whether a code that another device shows may be confirmed, and from where. */
export type DeviceFlow = "on" | "same-network" | "off";

const DEVICE_FLOWS: readonly DeviceFlow[] = ["on", "same-network", "off"];

/** Parses OIDC_DEVICE. The error completes "OIDC_DEVICE …". */
export function parseDeviceFlow(text: string): Result<DeviceFlow, string> {
  const flow = DEVICE_FLOWS.find((one) => one === text);
  return flow === undefined ? err(`must be one of ${DEVICE_FLOWS.join(", ")}`) : ok(flow);
}

/** Parses OIDC_OOB. The error completes "OIDC_OOB …". */
export const parseSwitch = (text: string): Result<boolean, string> =>
  text === "on" || text === "off" ? ok(text === "on") : err("must be on or off");
