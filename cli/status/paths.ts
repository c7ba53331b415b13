// SPDX-License-Identifier: Apache-2.0
// The paths of a deployment that commands read, from the declarations of the services. They start with a slash.

import { findPaths } from "../../shared/http/route.ts";
import { ROUTES as CA } from "../../workers/ca/declaration.ts";
import { ROUTES as FRONT } from "../../workers/front/declaration.ts";
import { ROUTES as LOG } from "../../workers/log/declaration.ts";
import { ROUTES as OIDC } from "../../workers/oidc/declaration.ts";
import { ROUTES as TRUST } from "../../workers/trust/declaration.ts";
import { ROUTES as TSA } from "../../workers/tsa/declaration.ts";

/** The path of each document that a command reads. */
export const PATHS = {
  caConfiguration: findPaths(CA, "configuration")[0],
  certChain: findPaths(TSA, "certChain")[0],
  /** The signature log's; every log has one below its own URL. */
  checkpoint: findPaths(LOG, "checkpoint")[0],
  discovery: findPaths(OIDC, "discovery")[0],
  /** A tile that no log has yet. */
  futureTile: findPaths(LOG, "tile")[0].replace("*", "0/x999/999"),
  health: findPaths(FRONT, "health")[0],
  indexAttestation: findPaths(LOG, "indexAttestation")[0],
  jwks: findPaths(OIDC, "jwks")[0],
  metrics: findPaths(FRONT, "metrics")[0],
  search: findPaths(LOG, "search")[0],
  signingConfig: findPaths(TRUST, "signingConfig")[0],
  timestamp: findPaths(TSA, "timestamp")[0],
  trustBundle: findPaths(CA, "trustBundle")[0],
  trustedRoot: findPaths(TRUST, "trustedRoot")[0],
} as const;

const [ENTRY] = findPaths(LOG, "entry");
const [TUF] = findPaths(TRUST, "tuf");

/** An entry of the host's first log. */
export const entryPath = (leafIndex: number): string => ENTRY.replace(":index", String(leafIndex));

/** A file of the TUF repository, or with an empty name the repository. */
export const tufPath = (file: string): string => TUF.replace(/\/\*$/, file === "" ? "" : `/${file}`);
