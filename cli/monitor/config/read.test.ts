// SPDX-License-Identifier: Apache-2.0

import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import { compileSelectors } from "../../../shared/monitor/selector.ts";
import { valueOf } from "../../../test/support/value-of.ts";
import type { MonitorConfig } from "./config.ts";
import { readMonitorConfig } from "./read.ts";

const KEY = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;
const ENVIRONMENT = { HOOK: "https://hooks.example/abc", KEY, TOKEN: "t0k3n", PASSWORD: "pa55", EMPTY: " " };
/** That of rekor-tiles' test log, and a made-up witness. */
const VKEY = "rekor-local+d80b4420+AURLycjWRo1+gdwwCLg9wU4PayMFdNBmPF4ORVPiBQ1E";
const WITNESS = "w.example+1a3dedb1+BAUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUF";

const read = (text: string): MonitorConfig => valueOf(readMonitorConfig(text, ENVIRONMENT));
const problemsOf = (text: string): readonly string[] => {
  const config = readMonitorConfig(text, ENVIRONMENT);
  return config.ok ? [] : config.error;
};

const EVERYTHING = `
watch:
  - name: releases of acme/widget
    repository: acme/widget
    issuer: https://token.actions.githubusercontent.com
    expected:
      - workflow: .github/workflows/release.yml
        ref: refs/tags/v*
        event: [push, workflow_dispatch]
        runner: github-hosted
        visibility: public
  - name: alice
    identity: alice@example.org
  - name: team
    identity: { regex: "(alice|bob)@example\\\\.org" }
    extensions:
      build-trigger: push
      1.3.6.1.4.1.57264.1.23: production
notify:
  - name: on-call
    on: security
    webhook: { url: env:HOOK, secret: env:KEY }
  - slack: { url: env:HOOK }
    on: [infrastructure, expected]
  - github-issue: { repository: acme/widget, token: env:TOKEN, labels: [alert], assignees: [alice] }
  - mail: { server: "smtp://mail.example.org", user: alerts, password: env:PASSWORD, from: a@example.org, to: [b@example.org] }
  - mailgun: { domain: mg.example.org, key: env:TOKEN, from: a@example.org, to: b@example.org }
  - sendgrid: { key: env:TOKEN, from: a@example.org, to: b@example.org }
  - command: { run: [/usr/local/bin/page, --loud], timeout-seconds: 10 }
heartbeat: env:HOOK
cross-check-minutes: 30
witnesses: |
  log ${VKEY}
  witness w1 ${WITNESS}
  quorum w1
logs:
  - { url: "https://log.example.com/log/", kind: signature, vkey: ${VKEY} }
`;

describe("our own form", () => {
  test("with everything", () => {
    const config = read(EVERYTHING);
    expect(config.selectors.map(({ id }) => id)).toEqual(["releases of acme/widget", "alice", "team"]);
    expect(config.channels).toMatchObject([
      { name: "on-call", on: ["security"], target: { kind: "webhook" } },
      { name: "slack", on: ["infrastructure", "expected"], target: { kind: "slack" } },
      { name: "github-issue", on: ["security", "infrastructure"], target: { repository: "acme/widget" } },
      { target: { kind: "mail", host: "mail.example.org", port: 587, isTls: false, to: ["b@example.org"] } },
      { target: { kind: "mailgun", domain: "mg.example.org" } },
      { target: { kind: "sendgrid", to: ["b@example.org"] } },
      { target: { kind: "command", run: ["/usr/local/bin/page", "--loud"], timeoutMs: 10_000 } },
    ]);
    expect(config).toMatchObject({ crossCheckMinutes: 30, warnings: [], rekorMonitor: null });
    expect(config.heartbeatUrl?.reveal()).toBe(ENVIRONMENT.HOOK);
    expect(config.logs).toMatchObject([{ url: "https://log.example.com/log", kind: "signature" }]);
    expect(compileSelectors(config.selectors).ok).toBe(true);
  });

  test("never prints a secret", () => {
    const config = read(EVERYTHING);
    for (const shown of [JSON.stringify(config), inspect(config, { depth: 9 }), String(config.heartbeatUrl)]) {
      for (const secret of Object.values(ENVIRONMENT).filter((value) => value !== " ")) {
        expect(shown).not.toContain(secret);
      }
      expect(shown).toContain("(secret)");
    }
  });

  test("is checked without its environment", () => {
    expect(readMonitorConfig(EVERYTHING, null).ok).toBe(true);
  });

  const watch = (member: string): string => `watch:\n  - name: a\n    ${member}\n`;
  const notify = (member: string): string => `watch: []\nnotify:\n  - ${member}\n`;
  test.each([
    ["", "line 1: must be a mapping with the member watch: see docs/monitoring-configuration.md"],
    ["a: [", "line 1: "],
    ["watch: []\nwatsch: []", "line 2: watsch is not known; known are watch, notify, heartbeat"],
    ["watch: x", "line 1: watch must be a list"],
    ["watch:", "line 1: watch has no value: write one, or remove the member"],
    ["watch:\n  - identity: a@b.example", "watch[0].name is missing: write a name, which alerts will show"],
    ["watch:\n  - name: ' a'\n    identity: a@b.example", "watch[0].name must have 1 to 100 letters"],
    ["watch:\n  - name: a", "line 2: watch[0] selects every entry: write at least one of identity, issuer"],
    [`${watch("identity: a@b.example")}${watch("identity: a@b.example").slice(7)}`, "has the name of another item: a"],
    [
      watch("identitty: a@b.example"),
      "watch[0].identitty is not known; known are name, extensions, expected, identity",
    ],
    [watch("identity: ['a@b.example', 7.5]"), "watch[0].identity[1] must be a text, or one of { exact: … }"],
    [watch("identity: []"), "watch[0].identity is an empty list"],
    [
      watch("identity: 'user@domain\\.com'"),
      "watch[0].identity looks like a regular expression: write { regex: 'user@domain\\.com' }, or { exact: … }",
    ],
    [watch("identity: '.*@example.org'"), "looks like a regular expression"],
    [watch("identity: { regex: '[a' }"), "is not a regular expression (RE2): error parsing regexp: missing closing ]"],
    [watch("identity: { regexp: a }"), "must have exactly one of the members exact, glob and regex"],
    [watch("issuer: token.actions.githubusercontent.com"), "must be a URL with its scheme: https://token.actions"],
    [watch("repository: acme"), "watch[0].repository must be like acme/widget or https://gitlab.com/acme/widget"],
    [watch("owner: 'acme/'"), "watch[0].owner must be like acme or https://gitlab.com/acme"],
    [watch("ref: main"), "must be a full ref: refs/heads/main or refs/tags/main"],
    [watch("key: abc"), "watch[0].key must be the SHA-256 of a public key in hex (64 digits), or a public key in PEM"],
    [watch("fingerprint: A0B1C2D3E4F5"), "watch[0].fingerprint must be the SHA-256 of a key or a certificate in hex"],
    [watch("digest: sha256:00"), "watch[0].digest must be a digest such as sha256:…"],
    [watch("kind: blob"), "watch[0].kind must be one of signature, attestation, certificate"],
    [watch("extensions: { build-triger: push }"), "is neither a dotted OID nor one of issuer, github-workflow-trigger"],
    [watch("identity: a@b.example\n    expected: [{}]"), "watch[0].expected[0] expects everything: name at least"],
    [watch("identity: a@b.example\n    expected: [{ reff: x }]"), "watch[0].expected[0].reff is not known"],
    [notify("{}"), "notify[0] must have exactly one of the members webhook, slack, github-issue, mail, mailgun"],
    [notify("slack: { url: env:HOOK }\n    command: { run: [a] }"), "notify[0] must have exactly one of the members"],
    [notify("slack: { url: env:MISSING }"), "notify[0].slack.url names MISSING, which is not set in the environment"],
    [notify("slack: { url: env:EMPTY }"), "names EMPTY, which is not set in the environment: export it first"],
    [notify("slack: { url: 'env:A B' }"), "must be env: and the name of a variable: letters, digits and underscores"],
    [notify("slack: { url: 'ftp://x' }"), "must be an https URL without a name and password in it, or env:NAME of one"],
    [notify("slack: { url: 'https://u:p@x.example' }"), "must be an https URL without a name and password"],
    [notify("webhook: { url: env:HOOK }"), "notify[0].webhook.secret is missing"],
    [notify(`webhook: { url: env:HOOK, secret: ${KEY} }`), "must be env:NAME, the variable that has it: a secret in a"],
    [notify("webhook: { url: env:HOOK, secret: env:TOKEN }"), "names a variable whose value must be whsec_ and base64"],
    [notify("slack: { url: env:HOOK }\n    on: [securty]"), "notify[0].on must list one or more of security, infrastr"],
    [notify("github-issue: { repository: acme, token: env:TOKEN }"), "must be owner/name, as GitHub spells it"],
    [notify("command: { run: 'rm -rf /' }"), "must be a list: the program, then its arguments. No shell reads them"],
    [notify("mail: { server: mail.example.org, from: a@b.example, to: a@b.example }"), "must be smtps://host (TLS"],
    [
      notify("mail: { server: 'smtps://m.example', user: x, from: a@b.example, to: 'A <a@b.example>' }"),
      "notify[0].mail.to must be an e-mail address such as alerts@example.org",
    ],
    ["watch: []\ncross-check-minutes: 0", "cross-check-minutes must be a whole number from 1 to 10080"],
    ["watch: []\nwitnesses: quorum x", "witnesses is no witness policy (c2sp.org/tlog-policy)"],
    [
      "watch: []\nlogs: [{ url: 'https://l.example', kind: signature, vkey: x }]",
      "logs[0].vkey must be the log's verifier",
    ],
    [
      "watch: []\nlogs: [{ url: 'https://l.example', kind: other }]",
      "logs[0].kind must be one of signature, certificate",
    ],
    [`# ${"x".repeat(2 ** 19)}`, "has 524290 characters; at most 524288 are read"],
  ])("rejects %.60j", (text, problem) => {
    expect(problemsOf(text).join("\n")).toContain(problem);
  });

  test("refuses a selector that can match nothing, and warns of one that matches too much", () => {
    const impossible = "identity: a@b.example\n    issuer: https://token.actions.githubusercontent.com";
    expect(problemsOf(watch(impossible))).toEqual([
      expect.stringMatching(/^watch "a": https:\/\/token\.actions.* states URIs of workflows, never an e-mail address/),
    ]);
    expect(read(watch("issuer: https://accounts.google.com")).warnings).toEqual([
      'watch "a": selects a large part of every log: add an identity, a repository, an owner or a key',
    ]);
  });

  test("names every problem at once, with its line", () => {
    expect(problemsOf("watch:\n  - name: a\n    ref: main\n    kind: blob\nnotify: 1\n")).toEqual([
      "line 3: watch[0].ref must be a full ref: refs/heads/main or refs/tags/main",
      "line 4: watch[0].kind must be one of signature, attestation, certificate",
      "line 5: notify must be a list",
    ]);
  });
});
