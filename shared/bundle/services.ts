// SPDX-License-Identifier: Apache-2.0
// The services that a signing config offers: of each kind the one that is valid now and became valid last.
// Spec: https://github.com/sigstore/protobuf-specs/blob/main/protos/sigstore_trustroot.proto (SigningConfig)

import { items, member } from "../json/member.ts";
import type { UnixMs } from "../time.ts";

/** The addresses of one moment, as the config has them; null where it offers none. */
export interface OfferedServices {
  readonly ca: string | null;
  readonly tsa: string | null;
  /** The log of Rekor v2 to write to. */
  readonly log: string | null;
  /** Where people sign in: its issuer, which is compared as a whole string. */
  readonly provider: string | null;
}

/** Finds the services. @param config SigningConfig, as JSON */
export const findServices = (config: unknown, now: UnixMs): OfferedServices => ({
  ca: findUrl(config, { list: "caUrls", version: 1 }, now),
  tsa: findUrl(config, { list: "tsaUrls", version: 1 }, now),
  log: findUrl(config, { list: "rekorTlogUrls", version: 2 }, now),
  provider: findUrl(config, { list: "oidcUrls", version: 1 }, now),
});

interface Kind {
  readonly list: string;
  readonly version: number;
}

function findUrl(config: unknown, { list, version }: Kind, now: UnixMs): string | null {
  const valid = items(config, list)
    .filter((row) => member(row, "majorApiVersion") === version)
    .filter((row) => timeOf(row, "start", 0) <= now && now < timeOf(row, "end", Number.POSITIVE_INFINITY))
    .toSorted((a, b) => timeOf(b, "start", 0) - timeOf(a, "start", 0));
  const url = member(valid[0], "url");
  return typeof url === "string" && /^https?:\/\//.test(url) ? url : null;
}

function timeOf(row: unknown, end: "start" | "end", absent: number): number {
  const time = Date.parse(String(member(member(row, "validFor"), end)));
  return Number.isNaN(time) ? absent : time;
}
