// SPDX-License-Identifier: Apache-2.0
// docs/reference/limits.md: every limit that a user can meet, read from the constant that enforces it. A constant
// that is renamed or moved makes `npm test` fail until this table names it again.

/** The text of a file of the repository. */
export type Read = (path: string) => string;

interface Limit {
  readonly what: string;
  readonly path: string;
  readonly constant: string;
  readonly unit: "bytes" | "ms" | "seconds" | "count";
  /** The consequence of exceeding the limit. */
  readonly beyond: string;
}

interface Section {
  readonly title: string;
  readonly limits: readonly Limit[];
}

type Row = readonly [what: string, constant: string, unit: Limit["unit"], beyond: string];

const limitsIn = (path: string, ...rows: readonly Row[]): readonly Limit[] =>
  rows.map(([what, constant, unit, beyond]) => ({ what, path, constant, unit, beyond }));

const SECTIONS: readonly Section[] = [
  {
    title: "Certificates",
    limits: [
      ...limitsIn("workers/ca/declaration.ts", ["request body", "MAX_REQUEST_BYTES", "bytes", "400"]),
      ...limitsIn("shared/oidc/token.ts", ["identity token", "MAX_TOKEN_BYTES", "bytes", "400"]),
      ...limitsIn("shared/oidc/claims.ts", ["characters of a claim", "MAX_CLAIM_LENGTH", "count", "400"]),
      ...limitsIn("shared/identity/issuers.ts", [
        "name and extensions of a certificate together",
        "MAX_IDENTITY_BYTES",
        "bytes",
        "400",
      ]),
      ...limitsIn(
        "workers/ca/issuing/lifetime.ts",
        ["longest `CERTIFICATE_LIFETIME`", "MAX_LIFETIME_SECONDS", "seconds", "503: the setting is wrong"],
        ["`CERTIFICATE_LIFETIME` by default", "DEFAULT_LIFETIME_SECONDS", "seconds", ""],
      ),
    ],
  },
  {
    title: "Issuers",
    limits: [
      ...limitsIn("shared/identity/configuration/configuration.ts", [
        "issuers and meta-issuers of a configuration",
        "MAX_ISSUERS",
        "count",
        "the configuration is rejected",
      ]),
      ...limitsIn("shared/identity/configuration/issuer.ts", [
        "audiences of an issuer",
        "MAX_AUDIENCES",
        "count",
        "the configuration is rejected",
      ]),
      ...limitsIn(
        "shared/identity/configuration/policy.ts",
        ["conditions of a policy", "MAX_CONDITIONS", "count", "the configuration is rejected"],
        ["characters of a pattern", "MAX_PATTERN", "count", "the configuration is rejected"],
      ),
      ...limitsIn(
        "workers/ca/issuer-keys/load-keys.ts",
        ["an issuer's JWK Set", "MAX_JWKS_BYTES", "bytes", "503"],
        ["time to fetch it", "FETCH_TIMEOUT_MS", "ms", "503"],
      ),
      ...limitsIn("workers/ca/issuer-keys/key-store.ts", [
        "age of cached keys while the issuer is unreachable",
        "MAX_AGE_MS",
        "ms",
        "503",
      ]),
    ],
  },
  {
    title: "Log entries",
    limits: [
      ...limitsIn(
        "workers/log/declaration.ts",
        ["request body of `/api/v2/log/entries`", "MAX_ENTRY_REQUEST_BYTES", "bytes", "400"],
        ["request body of `add-chain` and `add-pre-chain`", "MAX_CHAIN_REQUEST_BYTES", "bytes", "413"],
      ),
      ...limitsIn("workers/log/rekor-v2/add-entry.ts", ["entry", "MAX_ENTRY_BYTES", "bytes", "400"]),
      ...limitsIn(
        "shared/rekor/request.ts",
        ["signatures of a DSSE envelope", "MAX_SIGNATURES", "count", "400"],
        ["verifiers of a request", "MAX_VERIFIERS", "count", "400"],
      ),
      ...limitsIn("shared/rekor/dsse.ts", [
        "digests of subjects that an attestation is found by",
        "MAX_DIGEST_BYTES",
        "bytes",
        "the rest is not indexed",
      ]),
      ...limitsIn("shared/rekor-v1/pki/minisign.ts", [
        "file of an entry that minisign hashed",
        "MAX_PREHASHED_BYTES",
        "bytes",
        "400",
      ]),
      ...limitsIn("shared/rekor-v1/apk/package.ts", [
        "control data of an Alpine package, unpacked",
        "MAX_METADATA_BYTES",
        "bytes",
        "400",
      ]),
      ...limitsIn("shared/rekor-v1/kinds/rfc3161.ts", [
        "timestamp response of an entry",
        "MAX_RESPONSE_BYTES",
        "bytes",
        "400",
      ]),
      ...limitsIn("workers/log/rekor-v2/listed-keys.ts", [
        "keys in `LISTED_KEYS`",
        "MAX_LISTED_KEYS",
        "count",
        "503: the setting is wrong",
      ]),
      ...limitsIn("workers/log/rfc6962/add-chain.ts", ["certificates of a chain", "MAX_CERTIFICATES", "count", "400"]),
      ...limitsIn("shared/logs/shards.ts", [
        "logs of a deployment, frozen ones included",
        "MAX_LOGS",
        "count",
        "503: the setting is wrong",
      ]),
    ],
  },
  {
    title: "Sequencer, per log",
    limits: [
      ...limitsIn(
        "workers/sequencer/rounds/pool.ts",
        ["entries of a round", "MAX_ROUND_ENTRIES", "count", "the rest waits for the next round"],
        ["bytes of a round", "MAX_ROUND_BYTES", "bytes", "the rest waits for the next round"],
        ["entries that wait", "MAX_POOL_ENTRIES", "count", "503 with Retry-After"],
        ["bytes that wait", "MAX_POOL_BYTES", "bytes", "503 with Retry-After"],
      ),
      ...limitsIn(
        "workers/sequencer/rounds/commit.ts",
        ["time that an entry waits", "WAITER_DEADLINE_MS", "ms", "503 with Retry-After"],
        ["clock behind the newest tree head", "MAX_CLOCK_LAG_MS", "ms", "503 with Retry-After"],
      ),
      ...limitsIn("workers/sequencer/sequencer.ts", [
        "time between two copies of the tail in R2",
        "BACKUP_EVERY_MS",
        "ms",
        "",
      ]),
    ],
  },
  {
    title: "Witnessing",
    limits: [
      ...limitsIn("shared/tlog/policy.ts", [
        "witnesses of a policy",
        "MAX_WITNESSES",
        "count",
        "503: the setting is wrong",
      ]),
      ...limitsIn("shared/logs/witnessed-logs.ts", [
        "logs in `WITNESSED_LOGS`",
        "MAX_LOGS",
        "count",
        "503: the setting is wrong",
      ]),
      ...limitsIn("workers/tsa/declaration.ts", [
        "request body of `/api/v1/timestamp`",
        "MAX_QUERY_BYTES",
        "bytes",
        "400",
      ]),
      ...limitsIn("workers/witness/declaration.ts", [
        "request body of `add-checkpoint`",
        "MAX_CHECKPOINT_BYTES",
        "bytes",
        "413",
      ]),
    ],
  },
  {
    title: "Search",
    limits: [
      ...limitsIn(
        "workers/log/search/query.ts",
        ["hits of a page (`limit`)", "MAX_LIMIT", "count", "400"],
        ["hits of a page by default", "DEFAULT_LIMIT", "count", ""],
      ),
      ...limitsIn(
        "workers/log/search/scan.ts",
        ["rows of 256 entries that a page compares in each log", "COMPARED_BLOCKS", "count", "the next page goes on"],
        [
          "the same, of those searched for a commit, run, key, certificate, signature or leaf",
          "MARKED_BLOCKS",
          "count",
          "the next page goes on",
        ],
        ["entries with a digest that a page compares with other terms", "POSTINGS", "count", "the next page goes on"],
      ),
      ...limitsIn("workers/log/search/history.ts", [
        "rows of 256 entries that a page of an identity counts in each log",
        "COUNTED_BLOCKS",
        "count",
        "the next page goes on",
      ]),
      ...limitsIn("workers/log/search/signers.ts", [
        "signers that a query lists",
        "MAX_SIGNERS",
        "count",
        "a page compares 4 rows of 256 entries",
      ]),
      ...limitsIn("shared/search/signer.ts", ["characters of a name or URL", "MAX_NAME_CHARS", "count", "400"]),
    ],
  },
  {
    title: "Trust root",
    limits: [
      ...limitsIn(
        "shared/tuf/metadata.ts",
        ["a metadata file", "MAX_METADATA_BYTES", "bytes", "the trust file is rejected"],
        ["keys of a root", "MAX_KEYS", "count", "the trust file is rejected"],
      ),
      ...limitsIn("shared/tuf/trust-file.ts", [
        "versions of the root",
        "MAX_ROOTS",
        "count",
        "the trust file is rejected",
      ]),
    ],
  },
];

/** Reads a numeric constant: a product of literals. Throws if the file does not declare it. */
export function readConstant(source: string, name: string): number {
  const value = new RegExp(`^(?:export )?const ${name} = ([\\d_ *]+);`, "m").exec(source)?.[1];
  if (value === undefined) throw new Error(`the constant ${name} is missing: tools/docs/limits.ts names it`);
  return value.split("*").reduce((product, factor) => product * Number(factor.replaceAll("_", "").trim()), 1);
}

const groupDigits = (value: number): string => value.toLocaleString("en-US");

/** A number of bytes as people write it. */
export function formatBytes(value: number): string {
  if (value % 2 ** 20 === 0) return `${value / 2 ** 20} MiB`;
  return value % 1024 === 0 ? `${value / 1024} KiB` : `${groupDigits(value)} bytes`;
}

function formatMs(value: number): string {
  if (value % 3_600_000 === 0) return `${value / 3_600_000} h`;
  return value % 60_000 === 0 ? `${value / 60_000} min` : `${value / 1000} s`;
}

const FORMATS: Readonly<Record<Limit["unit"], (value: number) => string>> = {
  bytes: formatBytes,
  ms: formatMs,
  seconds: (value) => `${value} s`,
  count: groupDigits,
};

function renderSection({ title, limits }: Section, read: Read): string {
  const rows = limits.map(({ what, path, constant, unit, beyond }) => {
    const value = FORMATS[unit](readConstant(read(path), constant));
    return `| ${what} | ${value} | ${beyond} | [\`${constant}\`](../../${path}) |`;
  });
  return [`## ${title}`, "", "| limit | value | beyond it | constant |", "|---|---|---|---|", ...rows].join("\n");
}

const RATE_LIMIT = /^\[\[ratelimits\]\]\nname = "(\w+)"\n.*\nsimple = \{ limit = (\d+), period = (\d+) \}$/gm;

/** The requests that each rate limit of wrangler.toml counts. */
const COUNTED: Readonly<Record<string, string>> = {
  READS: "reads that reach a sequencer or the search index, per client network: an IPv4 address, or a /64 of IPv6",
  WRITES:
    "POSTs and the steps of a sign-in, per client network, for each kind apart: certificates, timestamps, entries, chains, checkpoints, sign-ins, tokens, devices",
  IDENTITIES: "certificates, per identity",
};

function renderRateLimits(read: Read): string {
  const rows = Array.from(read("wrangler.toml").matchAll(RATE_LIMIT), ([, name = "", limit, period]) => {
    return `| \`${name}\` | ${COUNTED[name] ?? "?"} | ${groupDigits(Number(limit))} in ${period} s |`;
  });
  return [
    "## Rate limits",
    "",
    "Set in [`wrangler.toml`](../../wrangler.toml); beyond one the answer is 429 with Retry-After. Cloudflare counts approximately",
    "and per location: these limits protect shared capacity and are not exact quotas.",
    "",
    "| binding | counts | limit |",
    "|---|---|---|",
    ...rows,
  ].join("\n");
}

/** The text of docs/reference/limits.md. */
export const renderLimits = (read: Read): string =>
  [
    "<!-- Written by `npm run reference` from the constants in the code. -->",
    "",
    "# Limits",
    "",
    "Every limit that a request, a configuration or a log can meet, with the constant that enforces it.",
    "",
    SECTIONS.map((section) => renderSection(section, read)).join("\n\n"),
    "",
    renderRateLimits(read),
    "",
  ].join("\n");
