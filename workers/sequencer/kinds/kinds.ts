// SPDX-License-Identifier: Apache-2.0
// The registry of the sequencer's part of every kind: a file of this folder each.

import type { LogConfig } from "../../../shared/logs/config.ts";
import type { LogKind } from "../../../shared/logs/kinds.ts";
import { CERTIFICATE_KIND } from "./certificate.ts";
import type { SequencerKind } from "./kind.ts";
import { REKOR_V1_KIND } from "./rekor-v1.ts";
import { SIGNATURE_KIND } from "./signature.ts";

/** The sequencer's part of every kind of log. */
export const SEQUENCER_KINDS: Readonly<Record<LogKind, SequencerKind>> = {
  signature: SIGNATURE_KIND,
  certificate: CERTIFICATE_KIND,
  "rekor-v1": REKOR_V1_KIND,
};

/** The setting that holds a key of a log, as messages name it. */
export function keySettingOf({ name, kind }: LogConfig, key: "ecdsa" | "ed25519"): string {
  // The first log of a kind is called after its kind.
  return (name === kind ? SEQUENCER_KINDS[kind].keySettings?.[key] : null) ?? `SHARD_KEYS.${name}.${key}`;
}
