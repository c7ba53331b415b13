// SPDX-License-Identifier: Apache-2.0
// The pages over HTTP: every page in its states, what each says, and how: escaped, with an ETag, as JSON too, under a
// policy that lets nothing in.

import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { requestCertificateFor } from "../support/authority/request-certificate.ts";
import {
  artifactRequest,
  attestationRequest,
  clientKey,
  postArtifacts,
  postEntry,
  sha256Hex,
} from "../support/logs/log-client.ts";
import { startStack, type TestStack } from "../support/process/stack.ts";

const ALICE = "alice@example.com";
const signer = clientKey();
const bare = clientKey();

const COMMIT = sha256Hex("a commit").slice(0, 40);

let stack: TestStack;
/** The leaf hash of an entry, which a UUID of Rekor ends in. */
let uuidOfFirst: string;
let signed: string;
let attested: string;

beforeAll(async () => {
  stack = await startStack({ vars: { ACCEPT: "open" } });
  // gitsign signs the ID of a commit as text.
  const [first] = await postArtifacts(stack.url, bare, ["one", COMMIT]);
  uuidOfFirst = sha256Hex(Buffer.concat([Uint8Array.of(0), Buffer.from(first?.canonicalizedBody ?? "", "base64")]));
  const certificate = await requestCertificateFor(stack, { key: signer, email: ALICE });
  const { logIndex } = await postEntry(stack.url, artifactRequest(signer, "signed by Alice", certificate));
  signed = `/entry/signature/${logIndex}`;
  const attestation = await postEntry(stack.url, attestationRequest(bare, [sha256Hex("subject")]));
  attested = `/entry/signature/${attestation.logIndex}`;
  await waitForIndex();
});
afterAll(() => stack.stop());

/** The index follows the logs within a second or so. */
async function waitForIndex(): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt++) {
    const { text } = await read(`/search?email=${ALICE}`);
    if (text.includes(`2 entries for ${ALICE}`)) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error("the index does not follow the logs");
}

interface Read {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

async function read(path: string, init: RequestInit = {}): Promise<Read> {
  const response = await fetch(`${stack.url}${path}`, { redirect: "manual", ...init });
  return { status: response.status, headers: response.headers, text: await response.text() };
}

const titleOf = (text: string): string => /<title>([^<]*)<\/title>/.exec(text)?.[1] ?? "";

/** The paths of the logs' own files. */
const BASES: Readonly<Record<string, string>> = { signature: "", certificate: "/ct", "rekor-v1": "/rekor-v1" };

/** Every page in its states: path, status, title, and a text that it must have. */
const PAGES = (): readonly (readonly [path: string, status: number, title: string, text: string])[] => [
  ["/", 200, "Find out who signed a file", "The logs right now"],
  ["/logs", 200, "Everything works: logs and health", "The numbers"],
  ["/logs", 200, "Everything works: logs and health", "Off: nobody watches anything"],
  ["/entry/signature/0", 200, "Entry 0: the holder of a key", "The log wrote this entry itself"],
  ["/entry/signature/1", 200, "Entry 1: the holder of a key", "--key KEY.pub"],
  [signed, 200, `Entry ${signed.split("/").at(-1)}: ${ALICE}`, `--certificate-identity ${ALICE}`],
  [attested, 200, `Entry ${attested.split("/").at(-1)}: the holder of a key`, "cosign verify-blob-attestation"],
  ["/entry/certificate/0", 200, `Certificate 0: ${ALICE}`, "and signed once with it"],
  ["/entry/signature/999", 404, "There is no entry 999", "numbered from 0 to 4"],
  ["/entry/nothing/0", 404, "There is no such log", "The logs page lists"],
  ["/entry/signature/x", 404, "No such entry", "An entry has a number"],
  ["/entry/signature/%ff", 404, "No such entry", "An entry has a number"],
  ["/search", 200, "Look up a signature", "Look up a signature"],
  [`/search?q=${ALICE}`, 200, `2 entries for ${ALICE}`, "an e-mail address"],
  ["/search?q=nobody@example.com", 200, "No entry for nobody@example.com", "There is none among 7 entries"],
  [`/search?q=${sha256Hex("one")}`, 200, "1 entry for", "a SHA-256 digest"],
  [`/search?q=${bare.fingerprint}`, 200, "3 entries for", "the fingerprint of a public key"],
  [
    `/search?q=${ALICE}&kind=certificate&log=&since=&until=&and=`,
    200,
    `1 entry for ${ALICE}`,
    "Remove Kind: certificate",
  ],
  [`/search?q=${ALICE}&and=org/repo`, 200, `No entry for ${ALICE}`, "An e-mail address and a GitHub repository"],
  [`/search?q=${ALICE}&since=2001-01-01&until=2001-01-01`, 200, `No entry for ${ALICE}`, "Remove Until: 2001-01-01"],
  [`/search?q=${ALICE}&and=bob@example.com`, 400, "No entry is found by this", "Remove the other first"],
  [`/search?email=${ALICE}&repository=o/r`, 200, "No entry for", "names a person or a build"],
  [`/search?q=${ALICE}&ref=refs/tags/`, 200, "No entry for", "Tagged releases only"],
  ["/search?ref=refs/tags/", 200, "No entry for refs/tags/", "Remove Tagged releases only"],
  ["/search?runner=self-hosted&visibility=public", 200, "No entry for", "the visibility of the repository"],
  ["/search?log=signature", 200, "5 entries for this filter", "Who signed"],
  ["/search?kind=certificate", 200, "1 entry for this filter", "all entries"],
  ["/search?kind=nothing", 400, "This cannot be looked up", "kind"],
  ["/search?q=da39a3ee", 400, "No entry is found by this", "the beginning of a commit or digest"],
  ["/search?email=a", 400, "This cannot be looked up", "email"],
  [`/search?uuid=${uuidOfFirst}`, 200, "1 entry for", "a UUID of Rekor"],
  [`/search?uuid=${"0".repeat(16)}${uuidOfFirst}`, 200, "1 entry for", "a UUID of Rekor"],
  [`/search?commitSha=${COMMIT}`, 200, "1 entry for", "a commit that gitsign signed"],
  [`/search?hash=sha256:${sha256Hex("one")}`, 200, "1 entry for", "a SHA-256 digest"],
  [`/identity-of/${ALICE}`, 200, ALICE, "Entries by month"],
  ["/identity-of/nobody@example.com", 200, "nobody@example.com", "No entry has this name"],
  ["/identity-of/%ff", 404, "This is no name", "The address ends in a whole name"],
  ["/nothing", 404, "No such page", "Nothing is at this address"],
];

it("the page to which a sign-in comes back repeats nothing of its address, and nobody keeps it or may read it", async () => {
  const { headers, text } = await read("/sign?code=SECRET&state=STATE&iss=x");
  expect(headers.get("cache-control")).toBe("no-store");
  expect(headers.get("referrer-policy")).toBe("no-referrer");
  expect(headers.get("cross-origin-opener-policy")).toBe("same-origin");
  expect(headers.get("access-control-allow-origin")).toBeNull();
  expect(headers.get("etag")).toBeNull();
  expect(text).not.toMatch(/SECRET|STATE/);
  expect(titleOf((await read("/sign?error=access_denied")).text)).toContain("Signed in");
  const page = await read("/sign");
  expect([page.status, titleOf(page.text), page.headers.get("access-control-allow-origin")]).toEqual([
    200,
    expect.stringContaining("Sign files"),
    null,
  ]);
  expect(page.text).toContain("Signing here needs a script");
  for (const policy of [headers, page.headers].map((one) => one.get("content-security-policy") ?? "")) {
    expect(policy).not.toContain("unsafe");
    expect(policy).toContain("connect-src 'self'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).toContain("require-trusted-types-for 'script'");
  }
});

it.each([
  ["results", () => `/search?email=${ALICE}`],
  ["an identity", () => `/identity-of/${ALICE}`],
  ["a signature", () => signed],
  ["a certificate", () => "/entry/certificate/0"],
])("the page of %s leads to where a person watches their name", async (_, path) => {
  expect((await read(path())).text).toMatch(/<main.*<a href="\/watch">Watch/s);
});

describe("every page", () => {
  it("says what it is about, in its title and its text", async () => {
    for (const [path, status, title, text] of PAGES()) {
      const page = await read(path, { headers: { accept: "text/html" } });
      expect([path, page.status, titleOf(page.text)]).toEqual([path, status, expect.stringContaining(title)]);
      expect(page.text, path).toContain(text);
    }
  });

  it("is one document under a strict policy, without a cookie and without anything of other sites", async () => {
    for (const [path] of PAGES()) {
      const { headers, text } = await read(path, { headers: { accept: "text/html" } });
      const policy = headers.get("content-security-policy") ?? "";
      expect(policy, path).toMatch(/^default-src 'none'; script-src 'self'; style-src 'self'/);
      expect(policy).toContain("require-trusted-types-for 'script'; trusted-types 'none'");
      expect(policy).not.toContain("unsafe");
      expect(headers.get("set-cookie")).toBeNull();
      expect([...text.matchAll(/<main\b/g), ...text.matchAll(/<h1\b/g)], path).toHaveLength(2);
      expect(text).not.toMatch(/<style|style="|<script>|\son[a-z]+="/);
      const loaded = [
        ...text.matchAll(/<(?:link rel="(?:stylesheet|icon|preload)" href|script src|img src)="([^"]*)"/g),
      ];
      expect(loaded.map(([, href]) => href)).toEqual([
        "/assets/icon.svg",
        "/assets/next.woff2",
        "/assets/site.css",
        "/assets/site.js",
      ]);
    }
  });

  it("has links that lead somewhere, and files that exist", async () => {
    const seen = new Set<string>();
    for (const [path] of PAGES()) {
      const { text } = await read(path, { headers: { accept: "text/html" } });
      for (const [, href = ""] of text.matchAll(/\b(?:href|src)="(\/[^"#]*)/g))
        seen.add(href.replaceAll(/&(?:#38|amp);/g, "&"));
    }
    for (const href of seen) {
      const { status } = await read(href, { headers: { accept: "text/html" } });
      expect([href, status < 400]).toEqual([href, true]);
    }
    expect(seen.size).toBeGreaterThan(25);
  });

  it("names itself for search engines and previews, unless it is an error", async () => {
    for (const [path, status, title] of PAGES()) {
      const { text } = await read(path, { headers: { accept: "text/html" } });
      expect(text, path).toMatch(/<meta name="description" content="[^"]{10,}">/);
      expect(/<meta property="og:title" content="([^"]*)">/.exec(text)?.[1]).toContain(title);
      expect(text.includes(`<link rel="canonical" href="${stack.url}/`), path).toBe(status === 200);
    }
  });
});

it("the page that verifies may ask this site and start its worker, and nothing else; it carries the deployed root", async () => {
  const { status, headers, text } = await read("/verify", { headers: { accept: "text/html" } });
  expect([status, titleOf(text)]).toEqual([200, expect.stringContaining("Verify a file")]);
  expect(headers.get("content-security-policy")).toBe(
    "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; worker-src 'self'; trusted-types sigedge-hashing",
  );
  expect(headers.get("set-cookie")).toBeNull();
  expect(text).not.toMatch(/<style|style="|<script>|\son[a-z]+="/);
  expect([...text.matchAll(/<script src="([^"]*)"/g)].map(([, src]) => src)).toEqual([
    "/assets/site.js",
    "/assets/verify.js",
  ]);
  for (const name of ["verify", "verify-worker"]) expect((await read(`/assets/${name}.js`)).status).toBe(200);
  const json = await read("/verify", { headers: { accept: "application/json" } });
  const root = JSON.parse((await read("/tuf/root.json")).text) as unknown;
  expect(JSON.parse(json.text)).toMatchObject({ tufRoot: root });
  const [, carried = ""] = /data-root="([^"]*)"/.exec(text) ?? [];
  expect(JSON.parse(carried.replaceAll("&#34;", '"').replaceAll("&#43;", "+"))).toEqual(root);
});

describe("a page", () => {
  it("has an ETag, and is not sent again to whoever has it", async () => {
    const { headers } = await read(signed);
    const etag = headers.get("etag") ?? "";
    const again = await read(signed, { headers: { "if-none-match": etag } });
    expect([again.status, again.text, again.headers.get("content-security-policy")]).toEqual([
      304,
      "",
      headers.get("content-security-policy"),
    ]);
    expect([headers.get("cache-control"), headers.get("vary")]).toEqual(["no-cache", "accept"]);
  });

  it("leads to where a person watches: a result, an entry, a certificate and an identity", async () => {
    for (const path of [signed, "/entry/certificate/0", `/identity-of/${ALICE}`, `/search?email=${ALICE}`]) {
      const [, main = ""] = /<main[^>]*>([^]*)<\/main>/.exec((await read(path)).text) ?? [];
      expect([path, main]).toEqual([path, expect.stringMatching(/<a href="\/watch">Watch/)]);
    }
  });

  it("answers HEAD with the headers of GET, and POST with 405", async () => {
    const [get, head] = [await read("/logs"), await read("/logs", { method: "HEAD" })];
    expect([head.status, head.text, head.headers.get("content-type")]).toEqual([
      200,
      "",
      get.headers.get("content-type"),
    ]);
    expect((await read("/logs", { method: "POST" })).status).toBe(405);
  });

  it.each(["/", "/logs", "/verify", "/entry/signature/1", "/search?q=alice@example.com", "/nothing"])(
    "is JSON for programs that ask for it: %s",
    async (path) => {
      const json = await read(path, { headers: { accept: "application/json" } });
      expect(json.headers.get("content-type")).toBe("application/json");
      expect(JSON.parse(json.text)).toEqual(expect.any(Object));
    },
  );

  it("of an entry or a search has the JSON of the API", async () => {
    const accept = { headers: { accept: "application/json" } };
    const [page, api] = [await read("/entry/signature/1", accept), await read("/api/entries/1")];
    expect(JSON.parse(page.text)).toEqual(JSON.parse(api.text));
    const [found, searched] = [
      await read(`/search?q=${ALICE}`, accept),
      await read(`/api/search?identity=${ALICE}&limit=20`),
    ];
    expect(JSON.parse(found.text)).toEqual(JSON.parse(searched.text));
  });

  it("of a search is CSV and Atom too, of the same hits, and each form has its own ETag", async () => {
    const types = ["text/html", "application/json", "text/csv", "application/atom+xml"];
    const answers = await Promise.all(types.map((accept) => read(`/search?q=${ALICE}`, { headers: { accept } })));
    for (const [i, { headers, text }] of answers.entries()) {
      expect([headers.get("content-type")?.split(";")[0], headers.get("vary")]).toEqual([types[i], "accept"]);
      expect(text.split(ALICE).length, types[i]).toBeGreaterThan(2);
      const known = { accept: types[i] ?? "", "if-none-match": headers.get("etag") ?? "" };
      expect((await read(`/search?q=${ALICE}`, { headers: known })).status).toBe(304);
    }
    expect(new Set(answers.map(({ headers }) => headers.get("etag"))).size).toBe(4);
  });

  it("of a search is known by what was asked, not by how", async () => {
    const canonicalOf = async (path: string): Promise<string | undefined> =>
      /<link rel="canonical" href="([^"]*)">/.exec((await read(path)).text)?.[1];
    const expected = `${stack.url}/search?identity=alice%40example.com&#38;kind=certificate`;
    const asked = [
      `/search?q=${ALICE}&kind=certificate`,
      `/search?q=+${ALICE}+&kind=certificate&log=&since=&until=&and=`,
      `/search?identity=${ALICE}&kind=certificate`,
      `/search?and=${ALICE}&kind=certificate`,
    ];
    for (const path of asked) expect(await canonicalOf(path)).toBe(expected);
  });

  it("says before a search what a text means", async () => {
    const { text, headers } = await read(`/search/meanings?q=${sha256Hex("one")}`);
    expect(JSON.parse(text)).toMatchObject({
      meanings: [
        { what: "a SHA-256 digest", href: `/search?digest=${sha256Hex("one")}`, advice: null },
        { what: "the fingerprint of a certificate" },
        { what: "the fingerprint of a public key" },
        { what: "a UUID of Rekor, or a leaf hash" },
      ],
    });
    expect(headers.get("etag")).toMatch(/^"/);
    expect(JSON.parse((await read("/search/meanings?q=abc1234")).text)).toMatchObject({
      meanings: [
        { what: "the beginning of a commit or digest", href: null, advice: expect.stringContaining("all of it") },
      ],
    });
    expect(JSON.parse((await read("/search/meanings")).text)).toEqual({ meanings: [] });
  });

  it("leads from a number, and from a link of search.sigstore.dev, to the entry", async () => {
    for (const query of ["q=1", "logIndex=1"]) {
      const { status, headers } = await read(`/search?${query}`);
      expect([status, headers.get("location")]).toEqual([302, "/entry/signature/1"]);
    }
  });
});

describe("the files of an entry", () => {
  it("are the certificate and a bundle with the signature, the entry and its proof", async () => {
    const { text, headers } = await read(`${signed}.sigstore.json`);
    expect(headers.get("content-disposition")).toMatch(/^attachment; filename="signature-\d+\.sigstore\.json"$/);
    const digest = createHash("sha256").update("signed by Alice").digest("base64");
    expect(JSON.parse(text)).toMatchObject({
      mediaType: "application/vnd.dev.sigstore.bundle.v0.3+json",
      verificationMaterial: { tlogEntries: [{ logIndex: signed.split("/").at(-1) }] },
      messageSignature: { messageDigest: { algorithm: "SHA2_256", digest } },
    });
    expect((await read(`${signed}.pem`)).text).toMatch(
      /^-----BEGIN CERTIFICATE-----\n[^]+-----END CERTIFICATE-----\n$/,
    );
  });

  it.each(["/entry/signature/1.sigstore.json", "/entry/certificate/0.pem"])(
    "are not sent again to whoever has them: %s",
    async (path) => {
      const { headers } = await read(path);
      const known = { "if-none-match": headers.get("etag") ?? "" };
      expect((await read(path, { headers: known })).status).toBe(304);
      expect(headers.get("x-content-type-options")).toBe("nosniff");
    },
  );

  it.each([
    ["/entry/certificate/0.sigstore.json", "This entry has no bundle"],
    ["/entry/signature/1.pem", "This entry has no certificate"],
  ])("are missing where there is none: %s", async (path, title) => {
    const { status, text } = await read(path);
    expect([status, titleOf(text)]).toEqual([404, expect.stringContaining(title)]);
  });
});

describe("the files that pages load", () => {
  it.each([
    ["site.css", "text/css; charset=utf-8"],
    ["site.js", "text/javascript; charset=utf-8"],
    ["next.woff2", "font/woff2"],
    ["mono.woff2", "font/woff2"],
    ["icon.svg", "image/svg+xml"],
  ])("%s has its type, and is taken for nothing else", async (name, type) => {
    const { status, headers } = await read(`/assets/${name}`);
    expect([status, headers.get("content-type"), headers.get("x-content-type-options")]).toEqual([
      200,
      type,
      "nosniff",
    ]);
  });
});

it("keeps words apart and repeats none where a text browser shows no style", async () => {
  const host = new URL(stack.url).host;
  for (const [path] of PAGES()) {
    const { text } = await read(path, { headers: { accept: "text/html" } });
    const body = text.slice(text.indexOf("<body>"));
    // Cells, blocks and line breaks begin a line in a text browser; all other tags are nothing.
    const shown = body
      .replaceAll(/<(?:t[dhr]|div|p|h\d|li|d[td]|br|pre|ol|ul|main|footer|section)\b[^>]*>/g, "\n")
      .replaceAll(/<[^>]*>/g, "");
    expect(shown, path).toContain(`${host} Verify`);
    expect(shown, path).not.toMatch(/[a-z]\d+ so far|\d{4}Most/m);
    // Marks and numbers of steps are the style's.
    expect(body, path).not.toMatch(/<span class="(?:n|mark [a-z]+)"[^>]*>[^<]/);
  }
});

describe("a search", () => {
  interface Evidence {
    readonly statement: string;
    readonly query: object;
    readonly entries: readonly object[];
    readonly logs: readonly {
      readonly name: string;
      readonly searchedThrough: number;
      readonly checkpoint: string;
    }[];
  }

  it("is kept with the signed heads that it is about, whether it found something or not", async () => {
    const none = await read("/search/evidence?q=nobody@example.com");
    expect([none.status, none.headers.get("content-disposition"), none.headers.get("cache-control")]).toEqual([
      200,
      'attachment; filename="search.json"',
      "no-store",
    ]);
    const evidence = JSON.parse(none.text) as Evidence;
    expect(evidence.statement).toMatch(
      /found no entry for an e-mail address among the first 5 entries of \S+ and 1 entry of /,
    );
    expect([evidence.query, evidence.entries]).toEqual([{ identity: "nobody@example.com" }, []]);
    for (const { name, searchedThrough, checkpoint } of evidence.logs) {
      const base = BASES[name];
      expect(checkpoint).toContain("\n\n\u2014 ");
      const [, size, root] = checkpoint.split("\n");
      const [, served, servedRoot] = (await read(`${base}/checkpoint`)).text.split("\n");
      expect([Number(size), root]).toEqual([searchedThrough, servedRoot]);
      expect(served).toBe(size);
    }
    const found = JSON.parse((await read(`/search/evidence?email=${ALICE}`)).text) as Evidence;
    expect(found.statement).toContain("found 2 entries for an e-mail address");
    expect(found.entries).toHaveLength(2);
  });

  it.each([
    [`email=${ALICE}`, /: 2 entries, newest \d+ \w+ \d{4}$/],
    ["email=nobody@example.com", /: no entry$/],
  ])("has a badge that any site may show: %s", async (query, title) => {
    const { status, headers, text } = await read(`/badge.svg?${query}`);
    expect([status, headers.get("content-type"), headers.get("cache-control")]).toEqual([
      200,
      "image/svg+xml",
      "public, max-age=300",
    ]);
    expect(headers.get("content-security-policy")).toMatch(/^default-src 'none'/);
    expect(headers.get("cross-origin-resource-policy")).toBe("cross-origin");
    expect(headers.get("etag")).not.toBeNull();
    expect(/<title>([^<]*)<\/title>/.exec(text)?.[1]).toMatch(title);
    expect(text).not.toMatch(/<script|\son\w+=|href=|<style/);
  });

  it.each(["/badge.svg", "/search/evidence?q=", "/badge.svg?q=12", "/badge.svg?q=da39a3ee"])(
    "has neither without a question: %s",
    async (path) => {
      const { status, text } = await read(path, { headers: { accept: "text/html" } });
      expect([status, text.includes("This is no search")]).toEqual([400, true]);
    },
  );
});

it("finds the certificate of an entry, and that the entry is an attestation, among more entries of its key than a list has", async () => {
  const key = clientKey();
  const certificate = await requestCertificateFor(stack, { key, email: "bob@example.com" });
  const statement = JSON.stringify({
    _type: "https://in-toto.io/Statement/v1",
    subject: [{ name: "x", digest: { sha256: sha256Hex("x") } }],
    predicateType: "https://slsa.dev/provenance/v1",
    predicate: {},
  });
  const type = "application/vnd.in-toto+json";
  const pae = `DSSEv1 ${type.length} ${type} ${statement.length} ${statement}`;
  const { logIndex } = await postEntry(stack.url, artifactRequest(key, pae, certificate));
  for (let i = 0; i < 25; i++) await postEntry(stack.url, artifactRequest(key, `file ${i} of Bob`, certificate));
  const envelope = { payload: Buffer.from(statement).toString("base64"), payloadType: type, signatures: [] };
  const send = (): Promise<Response> =>
    fetch(`${stack.url}/api/search/attestations`, { method: "POST", body: JSON.stringify(envelope) });
  await expect.poll(async () => (await send()).status, { timeout: 30_000 }).toBe(200);
  const oldest = await read(`/entry/signature/${logIndex}`);
  expect(oldest.text).toContain("signed an attestation on");
  expect(oldest.text).toContain("Entry 1</a> of the certificate log is for the same key");
  const newest = await read(`/entry/signature/${Number(logIndex) + 25}`);
  expect(newest.text).toContain("signed a file or an attestation on");
  expect(newest.text).toContain("Entry 1</a> of the certificate log is for the same key");
});
