// SPDX-License-Identifier: Apache-2.0
// The routes of all services whose answers doctor reads, from the declarations.

import { findPaths } from "../../shared/http/route.ts";
import { ROUTES as CA } from "../../workers/ca/declaration.ts";
import { ROUTES as LOG } from "../../workers/log/declaration.ts";
import { ROUTES as OIDC } from "../../workers/oidc/declaration.ts";
import { ROUTES as TRUST } from "../../workers/trust/declaration.ts";
import { ROUTES as TSA } from "../../workers/tsa/declaration.ts";
import { ROUTES as WEB } from "../../workers/web/declaration.ts";

interface Route {
  readonly path: string;
  readonly type: string;
}

const toRoutes = (type: string, paths: readonly string[]): readonly Route[] => paths.map((path) => ({ path, type }));

const JSON_TYPE = "application/json";
const CHAIN_TYPE = "application/pem-certificate-chain";

/** Routes of each service, with the type of the answer to a GET. */
export const READABLE_ROUTES: readonly Route[] = [
  ...toRoutes("text/html", findPaths(WEB, "startPage")),
  ...toRoutes(JSON_TYPE, findPaths(CA, "configuration")),
  ...toRoutes(JSON_TYPE, findPaths(CA, "trustBundle")),
  ...toRoutes(CHAIN_TYPE, findPaths(CA, "legacyRootCertificate")),
  ...toRoutes(CHAIN_TYPE, findPaths(TSA, "certChain")),
  ...toRoutes("text/plain", findPaths(LOG, "checkpoint")),
  ...toRoutes("text/plain", findPaths(LOG, "ctCheckpoint")),
  ...toRoutes(JSON_TYPE, findPaths(LOG, "getRoots")),
  ...toRoutes(JSON_TYPE, findPaths(TRUST, "trustedRoot")),
  ...toRoutes(JSON_TYPE, findPaths(TRUST, "signingConfig")),
  ...toRoutes(JSON_TYPE, findPaths(OIDC, "jwks")),
];
