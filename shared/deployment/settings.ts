// SPDX-License-Identifier: Apache-2.0
// The settings that several services of a deployment receive alike: their rows, and what the reference says about them.

import { parsePublicUrlSetting } from "../http/public-url.ts";
import { parseConnectors } from "../oauth/connectors/connectors.ts";
import { err, type Result } from "../result.ts";
import { parseRetiredKeys } from "../trust/retired-keys.ts";
import { type CompleteChain, parseChains } from "../x509/chains.ts";

export const PUBLIC_URL = { need: "required", parse: parsePublicUrlSetting } as const;

/** Parsed together with PUBLIC_URL (shared/logs/shards.ts). */
export const SHARDS = { need: "optional" } as const;

export const OTHER_CHAINS = { need: "optional", isSplit: true, parse: parseChainsSetting } as const;

export const RETIRED_KEYS = { need: "optional", isSplit: true, parse: parseRetiredKeys } as const;

/** Read by the CA and the trust service as well: the built-in issuer counts only where somebody can sign in at it. */
export const OIDC_CONNECTORS = { need: "optional", isSplit: true, parse: parseConnectors } as const;

function parseChainsSetting(pem: string): Result<readonly CompleteChain[], string> {
  const chains = parseChains(pem);
  return chains.ok ? chains : err(chains.error.reason);
}

/** The reference's text for each setting that more than one service declares. */
export const SHARED_SETTING_TEXTS = {
  PUBLIC_URL:
    "`https://HOST`. Permanent: origins, issuers and certificates depend on it. `http` is for loopback hosts only.",
  SHARDS:
    "JSON list of the logs beside the first two, and of frozen logs ([log.md](../log.md#several-logs-and-freezing-one)).",
  CA_CHAIN: "PEM certificates: the issuing CA first, the root last.",
  OTHER_CA_CHAINS: "PEM chains of former and future issuing CAs that clients trust, each with its root last.",
  RETIRED_KEYS:
    "JSON list of former keys, each with the time of its retirement ([trust.md](../trust.md#retired-keys)).",
  TSA_CHAIN: "PEM certificates: the timestamping certificate first, the root last.",
  OIDC_CONNECTORS:
    "JSON list of the providers at which people sign in ([sign-in.md](../sign-in.md)); by default none, and the built-in issuer is off.",
} as const;

type SharedSettingName = keyof typeof SHARED_SETTING_TEXTS;

/** The texts that a service writes itself: one for each of its settings that it does not share. */
export type OwnSettingTexts<Rows> = Readonly<Record<Exclude<keyof Rows, SharedSettingName>, string>>;
