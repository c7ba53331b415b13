// SPDX-License-Identifier: Apache-2.0
// Whether what was signed offline is what runs: every key and chain in use has to be in the signed trusted root, and every service in
// the signed signing config. More may be in there: keys of the past, keys to come.

import { member } from "../json/member.ts";

/** A sentence for each difference; none if clients can verify whatever is signed now. Takes the documents as JSON values. */
export function compareTrustedRoot(signed: unknown, live: object): readonly string[] {
  return [
    ...missing(signed, live, { list: "tlogs", part: logIdentity, name: "a signature log's key" }),
    ...missing(signed, live, { list: "ctlogs", part: logIdentity, name: "a certificate log's key" }),
    ...missing(signed, live, { list: "certificateAuthorities", part: chainOf, name: "a chain of the CA" }),
    ...missing(signed, live, {
      list: "timestampAuthorities",
      part: chainOf,
      name: "the chain of the timestamp authority",
    }),
  ].map((name) => `The signed trusted root does not hold ${name} that is in use: publish new targets.`);
}

/** The same of the signing config. */
export function compareSigningConfig(signed: unknown, live: object): readonly string[] {
  const lists = ["caUrls", "oidcUrls", "rekorTlogUrls", "tsaUrls"];
  return lists
    .flatMap((list) =>
      missing(signed, live, { list, part: (service) => member(service, "url"), name: `the URL in ${list}` }),
    )
    .map((name) => `The signed signing config does not hold ${name} that is in use: publish new targets.`);
}

interface Comparison {
  readonly list: string;
  /** What two items must have in common to be the same. */
  readonly part: (item: unknown) => unknown;
  readonly name: string;
}

function missing(signed: unknown, live: object, { list, part, name }: Comparison): readonly string[] {
  const key = (item: unknown): string => JSON.stringify(part(item));
  const there = new Set(items(signed, list).map(key));
  return items(live, list).every((item) => there.has(key(item))) ? [] : [name];
}

const logIdentity = (log: unknown): unknown => [
  member(log, "baseUrl"),
  member(member(log, "logId"), "keyId"),
  member(member(log, "publicKey"), "rawBytes"),
];

const chainOf = (authority: unknown): unknown => [
  member(authority, "uri"),
  items(member(authority, "certChain"), "certificates").map((certificate) => member(certificate, "rawBytes")),
];

function items(value: unknown, name: string): readonly unknown[] {
  const list = member(value, name);
  return Array.isArray(list) ? list : [];
}
