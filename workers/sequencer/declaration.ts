// SPDX-License-Identifier: Apache-2.0
// The declaration of the sequencer service: its settings and bindings. It has no routes: other services call it by RPC.
// Composition, CLI and documentation derive from these tables.

import { parseEd25519Signer } from "#private-key";
import { ANCHOR, INDEX, SEQUENCER, TILES } from "../../shared/deployment/bindings.ts";
import { type OwnSettingTexts, PUBLIC_URL, SHARDS } from "../../shared/deployment/settings.ts";
import type { Bindings } from "../../shared/settings/binding.ts";
import type { SettingRows } from "../../shared/settings/setting.ts";
import { parseLogSigner } from "./kinds/log-keys.ts";

export const SETTINGS = {
  PUBLIC_URL,
  SIGNATURE_LOG_KEY: { need: "required", isSecret: true, parse: parseLogSigner },
  SIGNATURE_LOG_ED25519_KEY: { need: "required", isSecret: true, parse: parseEd25519Signer },
  CERTIFICATE_LOG_KEY: { need: "required", isSecret: true, parse: parseLogSigner },
  SHARDS,
  // Each log reads its own row (kinds/shard-keys.ts), so that a wrong row stops one log only.
  SHARD_KEYS: { need: "optional", isSecret: true, isSplit: true },
  WITNESS_POLICY: { need: "optional" },
  WITNESS_MODE: { need: "optional" },
} as const satisfies SettingRows;

export const BINDINGS = {
  // The Worker that implements the classes binds both, although the logs call only the anchor.
  SEQUENCER,
  ANCHOR,
  TILES,
  INDEX,
} as const satisfies Bindings;

export const SETTING_TEXTS: OwnSettingTexts<typeof SETTINGS> = {
  SIGNATURE_LOG_KEY: "PKCS#8 PEM, P-256: signs the signature log's checkpoints and identifies the log.",
  SIGNATURE_LOG_ED25519_KEY: "PKCS#8 PEM, Ed25519: signs the second line of the signature log's checkpoints.",
  CERTIFICATE_LOG_KEY: "PKCS#8 PEM, P-256: signs the certificate log's tree heads and SCTs.",
  SHARD_KEYS:
    'JSON object of the keys of the logs in `SHARDS`: name → `{"ecdsa": PEM, "ed25519": PEM}`; a certificate log has `ecdsa` only.',
  WITNESS_POLICY:
    "The witnesses that cosign the signature logs' checkpoints, as a [tlog-policy](https://c2sp.org/tlog-policy); none at an address of this deployment.",
  WITNESS_MODE: "`fail-open` (default) or `require-quorum`: whether an entry waits for the quorum of witnesses.",
};
