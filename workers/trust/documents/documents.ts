// SPDX-License-Identifier: Apache-2.0
// The documents that clients bootstrap from without TUF: the signed targets if there is a repository, otherwise built
// from the keys in use. They are indented for human readers, and cached for one minute only, so that clients learn of a
// new key soon.

import { encodeUtf8 } from "../../../shared/bytes/utf8.ts";
import { respondWith } from "../../../shared/http/cache.ts";
import type { Route } from "../../../shared/http/router.ts";
import { isObject, type JsonObject } from "../../../shared/json/member.ts";
import { parseJson } from "../../../shared/json/parse.ts";
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
  /** Builds the document from the keys in use. */
  readonly live: (material: TrustMaterial) => object;
  /** Takes the document from the signed targets; null if they do not include it. */
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

/** client_trust_config.json: both in one file. */
export const clientTrustConfigDocument: Handler = handlerOf({
  live: clientTrustConfig,
  signed: joinSignedTargets,
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

/** Returns the text of a target, or null if there is none of that name. */
export function targetText({ documents, targets }: TufServing, name: string): string | null {
  const path = Object.hasOwn(targets, name) ? targets[name] : undefined;
  return path === undefined ? null : (documents[path] ?? null);
}

/** Parses a target that was verified when it was adopted. Throws RangeError if the storage is damaged. */
function parseDocument(text: string): JsonObject {
  const json = parseJson(encodeUtf8(text));
  if (!json.ok || !isObject(json.value)) throw new RangeError("a signed document is not a JSON object");
  return json.value;
}

function joinSignedTargets(tuf: TufServing): string | null {
  const [root, config] = [TRUSTED_ROOT_TARGET, SIGNING_CONFIG_TARGET].map((name) => targetText(tuf, name));
  if (typeof root !== "string" || typeof config !== "string") return null;
  return formatDocument(clientTrustConfigOf(parseDocument(root), parseDocument(config)));
}
