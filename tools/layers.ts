// SPDX-License-Identifier: Apache-2.0
// The layers of the repository, from the bottom up: one row each. A file may import from its own row and from the rows
// below. A new service is one more name in the row of the services. check-layers.ts enforces it.

/** A row of folders and files, each a prefix of paths. */
export interface Layer {
  readonly name: string;
  readonly paths: readonly string[];
  /** Its paths do not import one another. */
  readonly areSeparate?: true;
}

const SHARED = (...folders: readonly string[]): readonly string[] => folders.map((folder) => `shared/${folder}`);
const SERVICES = (...services: readonly string[]): readonly string[] => services.map((name) => `workers/${name}/`);

/** The layers from the bottom up. The longest matching path decides where a file belongs; tests belong to the top. */
export const LAYERS: readonly Layer[] = [
  { name: "values", paths: SHARED("bytes/", "brand.ts", "result.ts", "time.ts", "unreachable.ts") },
  // The public URL of a deployment is needed far below HTTP: it is in the names of logs and issuers.
  { name: "formats", paths: SHARED("der/", "json/", "crypto/", "settings/", "http/public-url.ts") },
  { name: "structures", paths: SHARED("tlog/", "x509/", "tuf/", "sql/") },
  {
    name: "domain",
    paths: SHARED(
      "ct/",
      "oidc/",
      "oauth/",
      "identity/",
      "fulcio/",
      "rekor/",
      "rekor-v1/",
      "tsa/",
      "trust/",
      "search/",
      "logs/",
      "bundle/",
    ),
  },
  // Reads entries of every kind of log, and says in words what was found.
  { name: "monitor", paths: SHARED("monitor/") },
  { name: "contracts", paths: SHARED("") },
  {
    name: "services",
    paths: SERVICES("ca", "log", "monitor", "oidc", "sequencer", "trust", "tsa", "web", "witness"),
    areSeparate: true,
  },
  { name: "composition", paths: ["workers/", "web/"] },
  { name: "cli", paths: ["cli/"] },
  { name: "local", paths: ["local/"] },
  // The composition root of the command line: it knows every command, those of local/ too, and no command knows it.
  { name: "program", paths: ["cli/sigedge."] },
  { name: "development", paths: ["tools/", "test/", "bench/", "vitest.config.ts"] },
];

/** The folders of shared/ that may import node:*. */
export const NATIVES: readonly string[] = ["shared/bytes/native/", "shared/crypto/native/"];
