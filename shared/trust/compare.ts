// SPDX-License-Identifier: Apache-2.0
// Compares what was signed offline with what runs: every key and chain in use must be in the signed trusted root, and
// every service in the signed signing config. Those may contain more, such as past and future keys.

import { member } from "../json/member.ts";

/**
 * Returns a sentence per difference, none if clients can verify everything signed now. Takes both documents as JSON.
 */
export function compareTrustedRoot(signed: unknown, live: object): readonly string[] {
  return [
    ...findMissing(signed, live, { list: "tlogs", part: logIdentity, name: "a signature log's key" }),
    ...findMissing(signed, live, { list: "ctlogs", part: logIdentity, name: "a certificate log's key" }),
    ...findMissing(signed, live, { list: "certificateAuthorities", part: chainOf, name: "a chain of the CA" }),
    ...findMissing(signed, live, {
      list: "timestampAuthorities",
      part: chainOf,
      name: "the chain of the timestamp authority",
    }),
  ].map((name) => `The signed trusted root does not contain ${name} that is in use: publish new targets.`);
}

/** Compares signing configs in the same way. */
export function compareSigningConfig(signed: unknown, live: object): readonly string[] {
  const lists = ["caUrls", "oidcUrls", "rekorTlogUrls", "tsaUrls"];
  return lists
    .flatMap((list) =>
      findMissing(signed, live, { list, part: (service) => member(service, "url"), name: `the URL in ${list}` }),
    )
    .map((name) => `The signed signing config does not contain ${name} that is in use: publish new targets.`);
}

interface Comparison {
  readonly list: string;
  /** Returns the part in which two items must agree to be the same. */
  readonly part: (item: unknown) => unknown;
  readonly name: string;
}

function findMissing(signed: unknown, live: object, { list, part, name }: Comparison): readonly string[] {
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
