// SPDX-License-Identifier: Apache-2.0
// Compares the record formats with records that test/support/logs/naive-log.ts writes out by hand.

import { describe, expect, it } from "vitest";
import { naiveRecords } from "../../test/support/logs/naive-log.ts";
import { parsePublicUrl } from "../http/public-url.ts";
import { openLog } from "./config.ts";
import { findLogKind, isLogKind, LOG_KIND_NAMES, LOG_KINDS } from "./kinds.ts";
import { LOG_RECORDS } from "./records.ts";

describe.each(["signature", "certificate"] as const)("the records of a %s log", (kind) => {
  const { split, frame, leafData } = LOG_RECORDS[kind];
  const records = naiveRecords(kind, 256);
  const bundle = new Uint8Array(Buffer.concat(records.map(({ framed }) => framed)));

  it("are split from a bundle and framed again", () => {
    const found = split(bundle) ?? [];
    expect(found.map((record) => Buffer.from(record))).toEqual(records.map(({ record }) => Buffer.from(record)));
    expect(Buffer.concat(found.map(frame))).toEqual(Buffer.from(bundle));
  });

  it("have the data that the leaf hash covers", () => {
    const hashed = records.map(({ record }) => Buffer.from(leafData(record) ?? []));
    expect(hashed).toEqual(records.map((record) => Buffer.from(record.hashed)));
  });

  it("are not split from a truncated bundle, or from 257 entries", () => {
    const [first] = records;
    expect(split(bundle.subarray(0, -1))).toBeNull();
    expect(split(new Uint8Array(Buffer.concat([bundle, first?.framed ?? Buffer.of()])))).toBeNull();
  });
});

describe("the origin of a log", () => {
  // Others derive an origin from a log's URL: sigstore-go url.Parse(baseUrl).Hostname(); rekor_monitor the URL without
  // its scheme.
  const byHostname = (url: string): string => new URL(url).hostname;
  const byPrefix = (url: string): string => url.replace(/^https?:\/\//, "");

  it("is what all clients expect at an address without a port", () => {
    const [signature, certificate] = ["https://sign.example.com", "https://sign.example.com/ct"];
    expect(LOG_KINDS.signature.originOf(signature)).toBe(byHostname(signature));
    expect(LOG_KINDS.signature.originOf(signature)).toBe(byPrefix(signature));
    expect(LOG_KINDS.certificate.originOf(certificate)).toBe(byPrefix(certificate));
  });

  it("has the port of a local stack in a certificate log, and not in a signature log", () => {
    const [signature, certificate] = ["http://localhost:8787", "http://localhost:8787/ct"];
    expect(LOG_KINDS.signature.originOf(signature)).toBe("localhost");
    expect(LOG_KINDS.signature.originOf(signature)).toBe(byHostname(signature));
    expect(LOG_KINDS.certificate.originOf(certificate)).toBe("localhost:8787/ct");
    expect(LOG_KINDS.certificate.originOf(certificate)).toBe(byPrefix(certificate));
  });
});

describe("the time of a record", () => {
  it("is in the record of a certificate log", () => {
    const [, second] = naiveRecords("certificate", 2);
    expect(LOG_RECORDS.certificate.timestamp(second?.record ?? new Uint8Array(0))).toBe(1_790_000_000_001);
    expect(LOG_RECORDS.certificate.timestamp(Uint8Array.of(1))).toBeNull();
  });

  it("is in the sidecar of a signature log", () => {
    expect(LOG_RECORDS.signature.timestamp(new Uint8Array(8))).toBeNull();
    expect(LOG_KINDS.signature.hasSidecars).toBe(true);
  });
});

describe("the origin of a log", () => {
  it.each([
    ["signature", "https://log.example.com", "log.example.com"],
    ["signature", "http://localhost:8787", "localhost"],
    ["certificate", "https://log.example.com/ct", "log.example.com/ct"],
    ["certificate", "http://localhost:8787/ct", "localhost:8787/ct"],
  ] as const)("of kind %s at %s is %s", (kind, baseUrl, origin) => {
    expect(LOG_KINDS[kind].originOf(baseUrl)).toBe(origin);
  });
});

describe("isLogKind", () => {
  it.each(["signature", "certificate"])("accepts %s", (word) => expect(isLogKind(word)).toBe(true));
  it.each(["rekor", "Signature", "", "constructor", null, 1])("rejects %j", (word) =>
    expect(isLogKind(word)).toBe(false),
  );
});

describe("findLogKind", () => {
  it.each(["https://log.example.com", "https://log.example.com:8443", "http://localhost:8787"])(
    "finds each kind of log at %s",
    (href) => {
      const url = parsePublicUrl(href);
      for (const kind of LOG_KIND_NAMES) {
        const log = url.ok ? openLog({ name: kind, kind, url: url.value }) : null;
        expect(log && findLogKind(log)).toBe(kind);
      }
    },
  );

  it.each([
    ["https://log.example.com/ct", "log.example.com"],
    ["https://log.example.com", "log.example.com/ct"],
    ["https://log.example.com/other", "log.example.com/other"],
    ["log.example.com", "log.example.com"],
    ["https://log.example.com", ""],
  ])("finds none at %s with the origin %j", (baseUrl, origin) => {
    expect(findLogKind({ baseUrl, origin })).toBeNull();
  });
});
