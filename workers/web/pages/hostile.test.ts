// SPDX-License-Identifier: Apache-2.0
// An open log holds whatever anybody wrote. No text of an entry becomes markup, and no address in it a link that runs.

import { describe, expect, it } from "vitest";
import { encodeBase64 } from "../../../shared/bytes/base64.ts";
import { encodeFulcioExtensions, FULCIO_EXTENSION_NAMES } from "../../../shared/fulcio/extensions.ts";
import { encodeEntry } from "../../../shared/rekor/entry.ts";
import type { ReadEntry } from "../../../shared/rpc/log-reads.ts";
import { monthOf, unixMs } from "../../../shared/time.ts";
import { leafHash } from "../../../shared/tlog/hash.ts";
import { encodeCertificate, encodeTbs } from "../../../shared/x509/certificate.ts";
import { EMPTY_NAME } from "../../../shared/x509/name.ts";
import { encodeSubjectAltName } from "../../../shared/x509/subject-alt-name.ts";
import { ROOT } from "../../../test/support/authority/signing-chain.ts";
import { readFacts } from "../facts/entry.ts";
import type { Answer } from "../respond.ts";
import { certificatePage } from "./certificate.ts";
import { identityPage } from "./identity.ts";
import { problemPage } from "./problem.ts";
import { resultsPage } from "./results.ts";
import { signaturePage } from "./signature.ts";
import { renderSitePage } from "./site.ts";

const MARK = "boo";
const HOSTILE = [
  `<script>${MARK}</script>`,
  `"><img src=x onerror=${MARK}>`,
  `' autofocus onfocus=${MARK} x='`,
  `javascript:${MARK}`,
  `https://x.example/"onclick=${MARK}//`,
  `https://github.com/o/r/.github/workflows/<b>.yml@refs/heads/${MARK}`,
  `&lt;${MARK}&gt;\u202e\u0000`,
  `]]>--><${MARK}`,
] as const;

const site = { href: "https://sign.example", host: "sign.example", heads: [] };
const TIME = unixMs(1_764_000_000_000);

/** A certificate that says the same hostile thing everywhere. */
function hostileCertificate(text: string): Uint8Array {
  const values = Object.fromEntries(FULCIO_EXTENSION_NAMES.map((name) => [name, text]));
  const tbs = encodeTbs({
    serial: Uint8Array.of(1),
    signatureAlgorithm: ROOT.signatureAlgorithm,
    issuer: EMPTY_NAME,
    notBefore: TIME,
    notAfter: TIME,
    subject: EMPTY_NAME,
    spki: ROOT.spki,
    extensions: [encodeSubjectAltName({ kind: "username", value: text }), ...encodeFulcioExtensions(values)],
  });
  return encodeCertificate(tbs, ROOT.signatureAlgorithm, Uint8Array.of(1));
}

function entryOf(shown: ReadEntry["shown"]): ReadEntry {
  return {
    log: "signature",
    kind: "signature",
    logId: new Uint8Array(32),
    timestamp: TIME,
    shown,
    leafIndex: 0,
    proof: [],
    treeSize: 1,
    rootHash: leafHash(shown.body),
    checkpoint: `${MARK}<b>\n1\n\n`,
    vkeys: [`log+${MARK}<b>+key`],
    isHeadSigned: false,
    promise: null,
  };
}

/** Every page that shows text of an entry or of a request. */
function pagesOf(text: string): readonly (readonly [name: string, answer: Answer])[] {
  const rawBytes = hostileCertificate(text);
  const body = encodeEntry({
    digest: new Uint8Array(32),
    signature: Uint8Array.of(1),
    verifier: { kind: "x509Certificate", rawBytes, keyDetails: "PKIX_ECDSA_P256_SHA_256" },
  });
  const hints = { payloadHash: text, subjectDigests: [text], predicateType: text };
  const signed = entryOf({ body, kindVersion: { kind: "hashedrekord", version: "0.0.2" }, hints });
  const issued = entryOf({
    body,
    kindVersion: { kind: "x509_entry", version: "1" },
    certificate: encodeBase64(rawBytes),
  });
  const [signedFacts, issuedFacts] = [readFacts(signed), readFacts(issued)];
  if (signedFacts?.kind !== "signed" || issuedFacts?.kind !== "issued") throw new Error("unreadable");
  const hit = {
    log: text,
    index: 1,
    kind: "signature",
    time: text,
    digest: text,
    identity: text,
    issuer: text,
  } as never;
  const meaning = { what: "a name", query: { identity: text } };
  const question = { kind: "search", text, meanings: [meaning, { what: text, query: { [text]: text } }] } as const;
  const answer = {
    hits: [hit],
    completeThrough: 1,
    completeThroughByLog: { [text]: 1 },
    newestTimeByLog: { [text]: text },
    nextCursor: text,
  };
  return [
    [
      "signature",
      signaturePage({ href: site.href, logged: signed, facts: signedFacts, certificateEntry: { log: text, index: 1 } }),
    ],
    ["certificate", certificatePage({ logged: issued, facts: issuedFacts, signed: { hits: [hit], hasMore: true } })],
    ["results", resultsPage({ question, meaning, answer, site, isFirst: true, seen: 0 })],
    [
      "no results",
      resultsPage({
        question,
        meaning,
        answer: { ...answer, hits: [], nextCursor: null },
        site,
        isFirst: true,
        seen: 0,
      }),
    ],
    [
      "identity",
      identityPage({
        identity: text,
        before: null,
        counts: { months: [{ month: monthOf(TIME), count: 1 }], isOldestPartial: true, earlierBefore: monthOf(TIME) },
        answer,
        site,
        now: TIME,
      }),
    ],
    [
      "problem",
      problemPage({ status: 404, title: text, lead: text, text, ways: [{ href: "/", text }], requestId: text }),
    ],
  ];
}

describe.each(HOSTILE)("an entry that says %j", (text) => {
  it("is text on every page, and its links lead to https or to this site", () => {
    for (const [name, { page }] of pagesOf(text)) {
      const document = renderSitePage(page, site);
      const tags = [...document.matchAll(/<[a-z!/][^>]*>/gi)].map(([tag]) => tag);
      const unknown = tags.filter(
        (tag) => !/^<\/?(?:!doctype|[a-z][a-z0-9]*)(?: [a-z0-9:-]+(?:="[^"<>]*")?)*\/?>$/i.test(tag),
      );
      expect(unknown, name).toEqual([]);
      expect(
        tags.filter((tag) => /^<(?:script(?! src="\/assets)|img|b[a-z]*oo|iframe)/i.test(tag)),
        name,
      ).toEqual([]);
      expect(
        tags.filter((tag) => /\son\w+=/i.test(tag.replaceAll(/"[^"]*"/g, '""'))),
        name,
      ).toEqual([]);
      for (const [, href = ""] of document.matchAll(/\bhref="([^"]*)"/g))
        expect(href, name).toMatch(/^(?:\/|#|https:\/\/)/);
    }
  });
});
