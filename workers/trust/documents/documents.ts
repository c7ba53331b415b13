// SPDX-License-Identifier: Apache-2.0
// The documents that clients bootstrap from without TUF: the very targets where there is a repository, built from the keys in use where
// there is none. For people as well as for programs: indented. Kept for a minute, as a new key must become known soon.

import { encodeUtf8 } from "../../../shared/bytes/utf8.ts";
import { respondWith } from "../../../shared/http/cache.ts";
import type { Route } from "../../../shared/http/router.ts";
import type { TufServing } from "../../../shared/rpc/tuf-repository.ts";
import type { TrustMaterial } from "../../../shared/trust/material.ts";
import { clientTrustConfig, clientTrustConfigOf, signingConfig } from "../../../shared/trust/signing-config.ts";
import { trustedRoot } from "../../../shared/trust/trusted-root.ts";
import { formatDocument, SIGNING_CONFIG_TARGET, TRUSTED_ROOT_TARGET } from "../../../shared/tuf/target-files.ts";
import type { Config } from "../env.ts";
import { renderError } from "../status.ts";
import { readMaterial } from "./material.ts";
import { readTuf } from "./tuf.ts";

interface DocumentSource {
  /** From the keys in use. */
  readonly live: (material: TrustMaterial) => object;
  /** From what was signed; null if it is not among the targets. */
  readonly signed: (tuf: TufServing) => string | null;
}

type Handler = Route<[Config]>["handle"];

/** trusted_root.json */
export const trustedRootDocument: Handler = handlerOf({
  live: trustedRoot,
  signed: (tuf) => targetText(tuf, TRUSTED_ROOT_TARGET),
});

/** signing_config.json */
export const signingConfigDocument: Handler = handlerOf({
  live: signingConfig,
  signed: (tuf) => targetText(tuf, SIGNING_CONFIG_TARGET),
});

/** Both in one file. */
export const clientTrustConfigDocument: Handler = handlerOf({
  live: clientTrustConfig,
  signed: signedClientTrustConfig,
});

function handlerOf({ live, signed }: DocumentSource): Handler {
  return async (request, config) => {
    const tuf = await readTuf(config, Date.now());
    if (tuf.kind === "refused") return renderError({ code: "tuf_refused", problems: tuf.problems });
    const text = tuf.kind === "serving" ? signed(tuf) : formatDocument(live(await readMaterial(config, Date.now())));
    if (text === null) return renderError({ code: "trust_path_unknown" });
    const body = new Uint8Array(encodeUtf8(text));
    return respondWith(request, { body, contentType: "application/json", cacheControl: "public, max-age=60" });
  };
}

/** A target by its name, null if there is none. */
export function targetText({ documents, targets }: TufServing, name: string): string | null {
  const path = Object.hasOwn(targets, name) ? targets[name] : undefined;
  return path === undefined ? null : (documents[path] ?? null);
}

function signedClientTrustConfig(tuf: TufServing): string | null {
  const [root, config] = [TRUSTED_ROOT_TARGET, SIGNING_CONFIG_TARGET].map((name) => targetText(tuf, name));
  if (typeof root !== "string" || typeof config !== "string") return null;
  return formatDocument(clientTrustConfigOf(JSON.parse(root) as object, JSON.parse(config) as object));
}
