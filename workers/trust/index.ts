// SPDX-License-Identifier: Apache-2.0
// The documents that clients bootstrap from, built from the keys in use.

import { encodeUtf8 } from "../../shared/bytes/utf8.ts";
import { respondWith } from "../../shared/http/cache.ts";
import { createRoom } from "../../shared/http/room.ts";
import { createRouter, type Route } from "../../shared/http/router.ts";
import type { TrustMaterial } from "../../shared/trust/material.ts";
import { clientTrustConfig, signingConfig } from "../../shared/trust/signing-config.ts";
import { trustedRoot } from "../../shared/trust/trusted-root.ts";
import { type Config, readConfig } from "./env.ts";
import { readMaterial } from "./material.ts";
import { renderError } from "./status.ts";

const route = createRouter<[Config]>(
  [
    document("/trusted_root.json", trustedRoot),
    document("/signing_config.json", signingConfig),
    document("/client_trust_config.json", clientTrustConfig),
  ],
  {
    methodNotAllowed: (allow) => renderError({ code: "trust_method_wrong", allow }),
    notFound: () => renderError({ code: "trust_path_unknown" }),
  },
);

/** A document for people as well as for programs: indented. Kept for a minute, as a new key must become known soon. */
function document(path: string, build: (material: TrustMaterial) => object): Route<[Config]> {
  return {
    method: "GET",
    path,
    handle: async (request, config) => {
      const text = `${JSON.stringify(build(await readMaterial(config, Date.now())), null, 2)}\n`;
      const body = new Uint8Array(encodeUtf8(text));
      return respondWith(request, { body, contentType: "application/json", cacheControl: "public, max-age=60" });
    },
  };
}

export default createRoom({
  readConfig,
  route,
  failed: (requestId) => renderError({ code: "trust_failed", requestId }),
});
