// SPDX-License-Identifier: Apache-2.0

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { toWatchedEntry, type WatchedEntry } from "../../../shared/monitor/entry.ts";
import { compileSelectors, matchEntry } from "../../../shared/monitor/selector.ts";
import {
  certificateVerifier,
  certificateWith,
  emailName,
  makeHashedRecord,
  uriName,
} from "../../../test/support/monitor/records.ts";
import { valueOf } from "../../../test/support/value-of.ts";
import type { MonitorConfig } from "./config.ts";
import { readMonitorConfig } from "./read.ts";

const VECTORS = join(import.meta.dirname, "../../../test/vectors/rekor-monitor");
const load = (name: string): MonitorConfig =>
  valueOf(readMonitorConfig(readFileSync(join(VECTORS, name), "utf8"), { SMTP: "pa55" }));
const read = (text: string): MonitorConfig => valueOf(readMonitorConfig(text, { SMTP: "pa55" }));

const GITHUB = "https://token.actions.githubusercontent.com";
const PLACE = { log: "log.example", kind: "signature", index: 3, at: null, hints: null } as const;

const entryOf = (
  name: Uint8Array,
  extensions: Parameters<typeof certificateWith>[0]["extensions"] = {},
): WatchedEntry =>
  valueOf(
    toWatchedEntry(
      makeHashedRecord(new Uint8Array(32), certificateVerifier(certificateWith({ names: [name], extensions }))),
      PLACE,
    ),
  );

const foundBy = (config: MonitorConfig, entry: WatchedEntry): readonly string[] =>
  matchEntry(valueOf(compileSelectors(config.selectors)), entry).map(({ selector }) => selector);

describe("a configuration of rekor-monitor", () => {
  test("that its README shows loads, and finds what its README says", () => {
    const config = load("readme.yaml");
    const user = "certIdentities user@domain\\.com";
    expect(foundBy(config, entryOf(emailName("user@domain.com")))).toEqual([user]);
    // Its expressions are not anchored.
    expect(foundBy(config, entryOf(emailName("superuser@domain.com.evil.example")))).toEqual([user]);
    const other = "certIdentities otheruser@domain\\.com";
    const login = { issuerV2: "https://github.com/login/oauth" };
    expect(foundBy(config, entryOf(emailName("otheruser@domain.com"), login))).toEqual([user, other]);
    expect(foundBy(config, entryOf(emailName("otheruser@domain.com"), { issuerV2: GITHUB }))).toEqual([user]);
    const lint = uriName("https://github.com/actions/starter-workflows/blob/main/.github/workflows/lint.yaml@refs/x");
    expect(foundBy(config, entryOf(lint, { issuerV2: GITHUB }))).toHaveLength(1);
    expect(foundBy(config, entryOf(uriName("x"), { issuer: "https://github.com/login/oauth" }))).toEqual([
      "oidMatchers 1.3.6.1.4.1.57264.1.1",
    ]);
    expect(config.rekorMonitor).toEqual({ startIndex: 1000, authorities: null });
    const [first, second, ...findings] = config.warnings;
    expect(findings.join()).toContain(
      "user@domain\\.com is not anchored: it also matches in the middle of longer names",
    );
    expect(findings.filter((line) => line.includes("does nothing here")).map((line) => line.split(" ")[0])).toEqual([
      "endIndex",
      "outputIdentities",
      "outputIdentitiesFormat",
      "logInfoFile",
      "identityMetadataFile",
    ]);
    expect([first, second]).toEqual([
      "monitoredValues.fingerprints.0 matches nothing: it is not the SHA-256 of a key or certificate in hex, which has 64 digits",
      "monitoredValues.subjects.0 matches nothing: no log of this kind holds keys of PGP or SSH",
    ]);
  });

  test.each([
    ["fulcio-extensions.yaml", { sourceRepositoryUri: "https://github.com/sigstore/cosign" }, "12"],
    ["fulcio-extensions.yaml", { runnerEnvironment: "github-hosted" }, "11"],
    ["oid-extensions.yaml", { issuerV2: "https://accounts.google.com" }, "8"],
    ["oid-extensions.yaml", { issuer: "https://github.com/login/oauth" }, "1"],
    ["custom-extensions.yaml", { issuer: "https://accounts.google.com" }, "1"],
  ])("%s finds %j", (name, extensions, number) => {
    const config = load(name);
    expect(foundBy(config, entryOf(uriName("x"), extensions))).toEqual([`oidMatchers 1.3.6.1.4.1.57264.1.${number}`]);
    expect(foundBy(config, entryOf(uriName("x")))).toEqual([]);
    expect(config.warnings).toEqual([]);
  });

  test("of its tests loads with its incomplete channels, and says that they send nothing", () => {
    const config = load("complex.yaml");
    expect(config.selectors).toHaveLength(2);
    expect(config.channels).toEqual([]);
    expect(config.warnings.filter((line) => line.includes("nothing is sent"))).toEqual([
      "githubIssue has no authenticationToken: nothing is sent there",
      "emailNotificationSMTP has no senderEmailAddress: nothing is sent there",
      "emailNotificationSMTP has no recipientEmailAddress: nothing is sent there",
    ]);
  });

  test("has a channel for each notification section", () => {
    const config = read(`
monitoredValues: { certIdentities: [{ certSubject: a }] }
githubIssue: { assigneeUsername: alice, repositoryOwner: acme, repositoryName: widget, authenticationToken: t }
emailNotificationSMTP:
  { recipientEmailAddress: r@x.example, senderEmailAddress: s@x.example, senderSMTPUsername: u, senderSMTPPassword: "env:SMTP", SMTPHostURL: smtp.x.example }
emailNotificationMailgun: { recipientEmailAddress: r@x.example, senderEmailAddress: s@x.example, mailgunAPIKey: k, mailgunDomainName: mg.x.example }
emailNotificationSendGrid:
  { recipientName: R, recipientEmailAddress: r@x.example, senderName: S, senderEmailAddress: s@x.example, sendGridAPIKey: k }
`);
    expect(config.channels.map(({ name, on, target }) => ({ name, on, ...target }))).toMatchObject([
      { name: "githubIssue", repository: "acme/widget", assignees: ["alice"], on: ["security", "infrastructure"] },
      {
        name: "emailNotificationSMTP",
        host: "smtp.x.example",
        port: 587,
        isTls: false,
        user: "u",
        to: ["r@x.example"],
      },
      { name: "emailNotificationMailgun", apiUrl: "https://api.mailgun.net", domain: "mg.x.example" },
      { name: "emailNotificationSendGrid", fromName: "S", toName: "R" },
    ]);
    const [, mail] = config.channels;
    expect(mail?.target.kind === "mail" && mail.target.password?.reveal()).toBe("pa55");
    expect(JSON.stringify(config)).not.toContain("pa55");
  });

  test.each([
    ["monitoredValues: { certIdentities: [{ certSubject: '[a' }] }", "certSubject is not a regular expression (RE2)"],
    ["monitoredValues: { certIdentities: [{ certSubject: a, issuers: ['[a'] }] }", "issuers[0] is not a regular"],
    ["monitoredValues: { subjects: ['[a'] }", "monitoredValues.subjects[0] is not a regular expression (RE2)"],
    ["monitoredValues: { certIdentities: [{}] }", "monitoredValues.certIdentities[0] has no certSubject"],
    ["monitoredValues: { oidMatchers: { customExtensions: [{ objectIdentifier: 1.2 }] } }", "must have both"],
    [
      "monitoredValues: { oidMatchers: { customExtensions: [{ objectIdentifier: a.b, extensionValues: [x] }] } }",
      "must be an OID: a list such as [1, 3, 6, 1], or dotted as 1.3.6.1",
    ],
    ["monitoredValues: {}\noutputIdentitiesFormat: xml", "outputIdentitiesFormat must be text or json"],
    ["monitoredValues: {}\nstartIndex: 5\nendIndex: 4", "has a startIndex of 5 behind its endIndex of 4"],
    ["monitoredValues: {}\nstartIndex: -1", "startIndex must be a whole number from 0"],
    ["monitoredValues: {}\ncaRootsFile: /no/such/file", "caRootsFile /no/such/file cannot be read (ENOENT)"],
    ["monitoredValues: {}\ncaIntermediatesFile: x", "has caIntermediatesFile without caRootsFile"],
  ])("rejects %j", (text, problem) => {
    const config = readMonitorConfig(text, {});
    expect(config.ok ? "" : config.error.join("\n")).toContain(problem);
  });

  test("with a member that it does not know loads with a warning, as it does there without one", () => {
    expect(read("monitoredValues: { certIdentites: [] }\nctShards: [a]").warnings).toEqual([
      "monitoredValues.certIdentites is not known and does nothing; known are certIdentities, subjects, fingerprints, oidMatchers",
      "monitoredValues names nothing: only the log itself is watched",
      "ctShards does nothing here: every shard of the trusted root is watched, also those that are opened later",
    ]);
  });

  test("that can match nothing loads all the same, with a warning", () => {
    const identity =
      "{ certSubject: '^a@b\\.example$', issuers: ['^https://token\\.actions\\.githubusercontent\\.com$'] }";
    const { selectors, warnings } = read(`monitoredValues: { certIdentities: [${identity}] }`);
    expect(selectors).toHaveLength(1);
    expect(warnings.join()).toContain("states URIs of workflows, never an e-mail address: nothing can match");
  });

  test("a value that appears twice is two selectors", () => {
    const config = read("monitoredValues: { certIdentities: [{ certSubject: a }, { certSubject: a, issuers: [b] }] }");
    expect(config.selectors.map(({ id }) => id)).toEqual(["certIdentities a", "certIdentities a (2)"]);
  });
});
