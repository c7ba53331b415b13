// SPDX-License-Identifier: Apache-2.0
// The declaration of the witness service: its settings, bindings and routes. Composition, front end, CLI and
// documentation derive from these tables.

import { parseEd25519Signer } from "#private-key";
import { ANCHOR, READS, WRITES } from "../../shared/deployment/bindings.ts";
import { type OwnSettingTexts, PUBLIC_URL } from "../../shared/deployment/settings.ts";
import type { HandlerName, RouteRow, RouteText } from "../../shared/http/route.ts";
import type { Bindings } from "../../shared/settings/binding.ts";
import type { SettingRows } from "../../shared/settings/setting.ts";
import { parseWitnessedLogsSetting } from "./witnessed-logs.ts";

export const SETTINGS = {
  PUBLIC_URL,
  // A deployment with one of these two is a witness and needs both.
  WITNESS_KEY: { need: "optional", isSecret: true, parse: parseEd25519Signer },
  WITNESSED_LOGS: { need: "optional", parse: parseWitnessedLogsSetting },
} as const satisfies SettingRows;

export const BINDINGS = { ANCHOR, READS, WRITES } as const satisfies Bindings;

/** 63 proof lines, a checkpoint, and space for 16 signature lines of a post-quantum scheme at 3.3 kB each. */
const MAX_CHECKPOINT_BYTES = 64 * 1024;

export const ROUTES = [
  {
    method: "POST",
    path: "/witness/add-checkpoint",
    maxBodyBytes: MAX_CHECKPOINT_BYTES,
    limit: "checkpoints",
    handler: "addCheckpoint",
  },
  { method: "GET", path: "/witness/about", handler: "about" },
  { method: "GET", path: "/witness/:origin/checkpoint", limit: "reads", handler: "cosignedCheckpoint" },
] as const satisfies readonly RouteRow[];

export const SETTING_TEXTS: OwnSettingTexts<typeof SETTINGS> = {
  WITNESS_KEY: "PKCS#8 PEM, Ed25519, used for nothing else: makes this deployment a witness of other operators' logs.",
  WITNESSED_LOGS: "The logs to witness: lines `log <vkey> [url]` of a [tlog-policy](https://c2sp.org/tlog-policy).",
};

export const ROUTE_TEXTS: Readonly<Record<HandlerName<typeof ROUTES>, RouteText>> = {
  addCheckpoint: {
    what: "Cosigns a checkpoint that extends the one cosigned last.",
    spec: "[tlog-witness](https://c2sp.org/tlog-witness#add-checkpoint)",
  },
  about: { what: "Returns the witness's verifier key as a line of a policy, and the logs that it knows.", spec: null },
  cosignedCheckpoint: {
    what: "Returns the newest cosigned checkpoint of a witnessed log, for monitors. `:origin` is the SHA-256 of its origin in lower-case hex.",
    spec: "[tlog-witness](https://c2sp.org/tlog-witness#monitor-retrieval-mechanism)",
  },
};
