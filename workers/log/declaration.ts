// SPDX-License-Identifier: Apache-2.0
// The declaration of the log service: its settings, bindings and routes. Composition, front end, CLI and documentation
// derive from these tables.

import { INDEX, READS, SEQUENCER, TILES, WRITES } from "../../shared/deployment/bindings.ts";
import {
  OTHER_CHAINS,
  type OwnSettingTexts,
  PUBLIC_URL,
  RETIRED_KEYS,
  SHARDS,
} from "../../shared/deployment/settings.ts";
import type { HandlerName, RouteRow, RouteText } from "../../shared/http/route.ts";
import { LOG_KIND_NAMES, LOG_KINDS } from "../../shared/logs/kinds.ts";
import type { Bindings } from "../../shared/settings/binding.ts";
import type { SettingRows } from "../../shared/settings/setting.ts";
import { parseDuplicates } from "./rekor-v1/duplicates.ts";
import { parseEntries, parseGrace } from "./rekor-v2/write-budget.ts";

export const SETTINGS = {
  PUBLIC_URL,
  // The write policy combines these settings (rekor-v2/write-policy.ts, rekor-v2/write-budget.ts).
  CA_CHAIN: { need: "required" },
  OTHER_CA_CHAINS: OTHER_CHAINS,
  RETIRED_KEYS,
  ACCEPT: { need: "optional" },
  LISTED_KEYS: { need: "optional" },
  CERTIFICATE_GRACE: { need: "optional", parse: parseGrace },
  ENTRIES_PER_CERTIFICATE: { need: "optional", parse: parseEntries },
  ENTRIES_PER_KEY: { need: "optional", parse: parseEntries },
  SIGNING_ALGORITHMS: { need: "optional" },
  REKOR_V1_DUPLICATES: { need: "optional", parse: parseDuplicates },
  SHARDS,
} as const satisfies SettingRows;

export const BINDINGS = { SEQUENCER, TILES, INDEX, READS, WRITES } as const satisfies Bindings;

const SIGNATURE = ["signature"] as const;
const REKOR_V1 = ["rekor-v1"] as const;
const WITH_SIDECARS = LOG_KIND_NAMES.filter((kind) => LOG_KINDS[kind].hasSidecars);
const CERTIFICATE = ["certificate"] as const;

/** The reference's limit. An envelope is base64, so its payload has at most 3 MiB. */
const MAX_ENTRY_REQUEST_BYTES = 4 * 1024 * 1024;
/** Eight certificates of 32 KiB fit in base64. */
const MAX_CHAIN_REQUEST_BYTES = 512 * 1024;

/**
 * An entry, or a query of at most ten. It may hold a file or an attestation, of which 3 MB cost more CPU than a request
 * may: some are decoded and hashed twice.
 */
const MAX_V1_REQUEST_BYTES = 2 * 1024 * 1024;
/** A certificate in PEM, in base64. */
const MAX_SEARCH_BYTES = 64 * 1024;

/** The API of Rekor v1 below a path. */
const rekorV1Routes = <Prefix extends string>(prefix: Prefix) =>
  [
    { method: "GET", path: `${prefix}/api/v1/log`, kinds: REKOR_V1, isOpen: true, handler: "v1LogInfo" },
    { method: "GET", path: `${prefix}/api/v1/log/publicKey`, kinds: REKOR_V1, isOpen: true, handler: "v1PublicKey" },
    { method: "GET", path: `${prefix}/api/v1/log/proof`, kinds: REKOR_V1, isOpen: true, handler: "v1Proof" },
    {
      method: "POST",
      path: `${prefix}/api/v1/log/entries`,
      maxBodyBytes: MAX_V1_REQUEST_BYTES,
      limit: "entries",
      kinds: REKOR_V1,
      isOpen: true,
      handler: "v1AddEntry",
    },
    {
      method: "GET",
      path: `${prefix}/api/v1/log/entries`,
      limit: "reads",
      kinds: REKOR_V1,
      isOpen: true,
      handler: "v1EntryByIndex",
    },
    {
      method: "POST",
      path: `${prefix}/api/v1/log/entries/retrieve`,
      maxBodyBytes: MAX_V1_REQUEST_BYTES,
      limit: "reads",
      kinds: REKOR_V1,
      isOpen: true,
      handler: "v1Retrieve",
    },
    {
      method: "GET",
      path: `${prefix}/api/v1/log/entries/:uuid`,
      limit: "reads",
      kinds: REKOR_V1,
      isOpen: true,
      handler: "v1EntryById",
    },
    {
      method: "POST",
      path: `${prefix}/api/v1/index/retrieve`,
      maxBodyBytes: MAX_SEARCH_BYTES,
      limit: "reads",
      kinds: REKOR_V1,
      isOpen: true,
      handler: "v1SearchIndex",
    },
    { path: `${prefix}/api/v1/log/*`, kinds: REKOR_V1, isOpen: true },
    { path: `${prefix}/api/v1/index/*`, kinds: REKOR_V1, isOpen: true },
  ] as const;

export const ROUTES = [
  // The signature log: Rekor v2. Clients read it at the root and below /api/v2.
  {
    method: "POST",
    path: "/api/v2/log/entries",
    maxBodyBytes: MAX_ENTRY_REQUEST_BYTES,
    limit: "entries",
    kinds: SIGNATURE,
    handler: "addEntry",
  },
  { method: "GET", path: "/checkpoint", kinds: SIGNATURE, handler: "checkpoint" },
  { method: "GET", path: "/tile/*", kinds: SIGNATURE, handler: "tile" },
  { method: "GET", path: "/api/v2/checkpoint", kinds: SIGNATURE, handler: "checkpoint" },
  { method: "GET", path: "/api/v2/tile/*", kinds: SIGNATURE, handler: "tile" },

  // The certificate log: RFC 6962 submission, static-ct-api reads. get-sth must not exist: monitors use it to tell an
  // RFC 6962 log from a static-ct-api log.
  {
    method: "POST",
    path: "/ct/ct/v1/add-chain",
    maxBodyBytes: MAX_CHAIN_REQUEST_BYTES,
    limit: "chains",
    kinds: CERTIFICATE,
    handler: "addChain",
  },
  {
    method: "POST",
    path: "/ct/ct/v1/add-pre-chain",
    maxBodyBytes: MAX_CHAIN_REQUEST_BYTES,
    limit: "chains",
    kinds: CERTIFICATE,
    handler: "addPreChain",
  },
  { method: "GET", path: "/ct/ct/v1/get-roots", kinds: CERTIFICATE, handler: "getRoots" },
  { method: "GET", path: "/ct/checkpoint", kinds: CERTIFICATE, handler: "ctCheckpoint" },
  { method: "GET", path: "/ct/tile/*", kinds: CERTIFICATE, handler: "ctTile" },
  { method: "GET", path: "/ct/issuer/:fingerprint", kinds: CERTIFICATE, handler: "issuer" },
  { path: "/ct/*", kinds: CERTIFICATE },

  // The Rekor v1 log. Clients are given its base URL, or that of its host.
  ...rekorV1Routes(""),
  ...rekorV1Routes("/rekor-v1"),
  { method: "GET", path: "/rekor-v1/checkpoint", kinds: REKOR_V1, handler: "v1Checkpoint" },
  { method: "GET", path: "/rekor-v1/tile/*", kinds: REKOR_V1, handler: "v1Tile" },

  // Our own read API over all of them.
  { method: "GET", path: "/api/logs", limit: "reads", handler: "logs" },
  { method: "GET", path: "/api/search", limit: "reads", handler: "search" },
  {
    method: "POST",
    path: "/api/search/attestations",
    maxBodyBytes: MAX_ENTRY_REQUEST_BYTES,
    limit: "entries",
    handler: "indexAttestation",
  },
  { method: "GET", path: "/api/entries/:index.tlog-proof", kinds: LOG_KIND_NAMES, handler: "entryTlogProof" },
  { method: "GET", path: "/api/entries/:index", kinds: LOG_KIND_NAMES, handler: "entry" },
  { method: "GET", path: "/api/proof/inclusion", kinds: LOG_KIND_NAMES, handler: "inclusion" },
  { method: "GET", path: "/api/proof/consistency", kinds: LOG_KIND_NAMES, handler: "consistency" },
  { method: "GET", path: "/api/meta/:bundle", kinds: WITH_SIDECARS, handler: "meta" },
] as const satisfies readonly RouteRow[];

export const SETTING_TEXTS: OwnSettingTexts<typeof SETTINGS> = {
  ACCEPT: "Who may write to the signature log: `own-ca`, `own-ca+listed-keys` (default) or `open`.",
  LISTED_KEYS: "Public keys that may write under `own-ca+listed-keys`, in PEM or as lines of ssh or minisign.",
  CERTIFICATE_GRACE:
    "For how many minutes after its expiry a certificate may still be logged, and used in the signature log: 0 to 525600; by default 10.",
  ENTRIES_PER_CERTIFICATE: "How many entries the signature log takes of one certificate; by default 1000.",
  ENTRIES_PER_KEY: "How many entries a day it takes of one listed key, or under `open` of any key; by default 10000.",
  REKOR_V1_DUPLICATES:
    "What a Rekor v1 log answers to an entry that it has already: `entry` (default: 201 and that entry) or `conflict` (409, as the reference does).",
  SIGNING_ALGORITHMS: "Comma-separated names of the key algorithms to accept; by default all.",
};

const REKOR = "[Rekor v2](https://github.com/sigstore/rekor-tiles/blob/main/CLIENTS.md)";
const REKOR_V1_API = "[Rekor v1](https://github.com/sigstore/rekor/blob/main/openapi.yaml)";
const TLOG_TILES = "[tlog-tiles](https://c2sp.org/tlog-tiles)";
const CT_MONITORING = "[static-ct-api](https://c2sp.org/static-ct-api#monitoring-apis)";
const CT_SUBMISSION = "[static-ct-api](https://c2sp.org/static-ct-api#submission-apis), RFC 6962 §4";

export const ROUTE_TEXTS: Readonly<Record<HandlerName<typeof ROUTES>, RouteText>> = {
  addEntry: { what: "Logs a `hashedrekord` or `dsse` entry and returns it with its inclusion proof.", spec: REKOR },
  checkpoint: { what: "Returns the newest checkpoint of the signature log.", spec: TLOG_TILES },
  tile: { what: "Returns a tile or an entry bundle of the signature log; gzip, Range, ETag, CORS.", spec: TLOG_TILES },
  addChain: {
    what: "Logs a certificate of the CA and returns its SCT.",
    spec: CT_SUBMISSION,
  },
  addPreChain: { what: "Logs a precertificate of the CA and returns its SCT.", spec: CT_SUBMISSION },
  getRoots: { what: "Lists the roots that submitted chains must end in.", spec: CT_SUBMISSION },
  ctCheckpoint: { what: "Returns the newest checkpoint of the certificate log.", spec: CT_MONITORING },
  ctTile: { what: "Returns a tile or an entry bundle of the certificate log.", spec: CT_MONITORING },
  issuer: { what: "Returns an issuer's certificate by its SHA-256 fingerprint.", spec: CT_MONITORING },
  v1LogInfo: { what: "Returns the size, root hash, checkpoint and tree ID of the Rekor v1 log.", spec: REKOR_V1_API },
  v1PublicKey: { what: "Returns the log's public key in PEM.", spec: REKOR_V1_API },
  v1Proof: { what: "Proves that the tree of `lastSize` extends that of `firstSize`.", spec: REKOR_V1_API },
  v1AddEntry: {
    what: "Logs a `hashedrekord` 0.0.1 or `dsse` 0.0.1 entry and returns it with its promise and proof.",
    spec: REKOR_V1_API,
  },
  v1EntryByIndex: { what: "Returns the entry at `logIndex`.", spec: REKOR_V1_API },
  v1EntryById: { what: "Returns the entry with a UUID of 64 digits or an entry ID of 80.", spec: REKOR_V1_API },
  v1Retrieve: { what: "Returns up to ten entries by ID, by index or as proposed.", spec: REKOR_V1_API },
  v1SearchIndex: {
    what: "Returns the IDs of entries by digest, public key, e-mail address or subject, newest first, at most 64.",
    spec: REKOR_V1_API,
  },
  v1Checkpoint: { what: "Returns the newest checkpoint of the Rekor v1 log.", spec: TLOG_TILES },
  v1Tile: { what: "Returns a tile or an entry bundle of the Rekor v1 log.", spec: TLOG_TILES },
  logs: {
    what: "Lists the logs, oldest first: name, kind, URL, origin, state, time of freezing, verifier keys.",
    spec: null,
  },
  search: {
    what: "Finds entries, newest first: `?digest=`, `?identity=`, `?email=`, `?publicKey=`, `?issuer=`; `log`, `limit`, `cursor`.",
    spec: null,
  },
  indexAttestation: {
    what: "Makes the logged attestation of a DSSE envelope, or of a bundle with one, findable by its subjects ([search.md](../search.md#attestations)).",
    spec: null,
  },
  entryTlogProof: {
    what: "Returns the proof of one entry alone, of SHA-256(0x00 ‖ canonicalizedBody), to verify offline.",
    spec: "[tlog-proof](https://c2sp.org/tlog-proof)",
  },
  entry: {
    what: "Returns one entry with its inclusion proof; `?log=` takes `certificate` or the name of a log.",
    spec: null,
  },
  inclusion: {
    what: "Proves that the tree of `size` (by default the newest) includes an entry: `?index=&size=&log=`.",
    spec: "RFC 6962 §2.1.1",
  },
  consistency: {
    what: "Proves that the tree of `to` (by default the newest) extends an earlier one: `?from=&to=&log=`.",
    spec: "RFC 6962 §2.1.2",
  },
  meta: {
    what: "Returns the times and attestation hints of a full entry bundle, one JSON line per entry: of the log `?log=`, by default the signature log.",
    spec: null,
  },
};
