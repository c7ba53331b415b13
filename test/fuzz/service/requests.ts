// SPDX-License-Identifier: Apache-2.0
// A valid request of every declared route. The compiler rejects the table if a route has none.

import { createHash, generateKeyPairSync, sign } from "node:crypto";
import type { HandlerName, RouteRow } from "../../../shared/http/route.ts";
import type { ROUTES as CA } from "../../../workers/ca/declaration.ts";
import type { ROUTES as FRONT } from "../../../workers/front/declaration.ts";
import type { ROUTES as LOG } from "../../../workers/log/declaration.ts";
import type { ROUTES as MONITOR } from "../../../workers/monitor/declaration.ts";
import type { ROUTES as OIDC } from "../../../workers/oidc/declaration.ts";
import type { ROUTES as TRUST } from "../../../workers/trust/declaration.ts";
import type { ROUTES as TSA } from "../../../workers/tsa/declaration.ts";
import type { ROUTES as WEB } from "../../../workers/web/declaration.ts";
import type { ROUTES as WITNESS } from "../../../workers/witness/declaration.ts";
import type { Random } from "../../faults/random.ts";
import type { FedLog } from "../../support/logs/fed-log.ts";
import { artifactRequest, attestationRequest, type ClientKey, clientKey } from "../../support/logs/log-client.ts";
import {
  makeDsseEntry,
  makeHashedRekord,
  makeIntoto1,
  makeIntoto2,
  takeEntry,
  v1SignerOf,
} from "../../support/logs/rekor-v1.ts";
import { makeRekord } from "../../support/logs/rekor-v1-files.ts";
import type { TestStack } from "../../support/process/stack.ts";
import REQUESTS from "../../vectors/csr/requests.json" with { type: "json" };
import V1_ENTRIES from "../../vectors/rekor-v1/entries.json" with { type: "json" };

type Named<Rows extends readonly RouteRow[]> = HandlerName<Rows>;
type Handler =
  | Named<typeof CA>
  | Named<typeof FRONT>
  | Named<typeof LOG>
  | Named<typeof MONITOR>
  | Named<typeof OIDC>
  | Named<typeof TRUST>
  | Named<typeof TSA>
  | Named<typeof WEB>
  | Named<typeof WITNESS>;

/** The parts of a request beside the method and path of its route. */
export interface Content {
  /** Replaces the parameters of the route's path, or its `*`. */
  readonly rest?: string;
  readonly query?: string;
  readonly contentType?: string;
  readonly body?: string | Uint8Array;
  readonly authorization?: string;
}

type Make = (random: Random) => Content;

const JSON_TYPE = "application/json";

/** The material that valid requests are made of. */
export interface Material {
  /** Whom the token is about. */
  readonly email: string;
  readonly token: string;
  readonly key: ClientKey;
  /** PEM of the key. */
  readonly pem: string;
  readonly proof: string;
  /** DER in base64, leaf first. */
  readonly chain: readonly string[];
  /** The ID of an entry of the Rekor v1 log. */
  readonly v1Id: string;
  readonly witnessed: FedLog;
}

/** Makes what valid requests of an identity are made of; a token lives for ten minutes. */
export async function makeMaterial(stack: TestStack, witnessed: FedLog, email: string): Promise<Material> {
  const token = await stack.token(email);
  const key = clientKey();
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const pem = String(publicKey.export({ format: "pem", type: "spki" }));
  const proof = sign("sha256", Buffer.from(email), privateKey).toString("base64");
  const response = await fetch(`${stack.url}/api/v1/signingCert`, {
    method: "POST",
    headers: { "content-type": JSON_TYPE, authorization: `Bearer ${token}` },
    body: legacyBody(pem, proof),
  });
  const chain = Array.from((await response.text()).matchAll(/-----BEGIN CERTIFICATE-----([^-]*)/g), ([, text = ""]) =>
    text.replaceAll("\n", ""),
  );
  if (chain.length === 0) throw new Error(`no certificate: ${response.status}`);
  return { email, token, key, pem, proof, chain, v1Id: await addV1Entry(stack, key), witnessed };
}

async function addV1Entry({ url }: TestStack, key: ClientKey): Promise<string> {
  const response = await fetch(`${url}/api/v1/log/entries`, {
    method: "POST",
    headers: { "content-type": JSON_TYPE },
    body: JSON.stringify(makeHashedRekord(v1SignerOf(key.privateKey), "known")),
  });
  if (response.status !== 201) throw new Error(`no entry of Rekor v1: ${response.status} ${await response.text()}`);
  return takeEntry(await response.json())[0];
}

const legacyBody = (pem: string, proof: string): string => {
  const content = pem.replaceAll(/-----[A-Z ]+-----|\n/g, "");
  return JSON.stringify({ publicKey: { algorithm: "ecdsa", content }, signedEmailAddress: proof });
};

/** An envelope that nobody signed. */
const ENVELOPE = {
  payloadType: "application/vnd.in-toto+json",
  payload: Buffer.from(
    JSON.stringify({
      _type: "https://in-toto.io/Statement/v1",
      subject: [{ name: "x", digest: { sha256: createHash("sha256").update("x").digest("hex") } }],
      predicateType: "https://example.com/predicate",
      predicate: {},
    }),
  ).toString("base64"),
  signatures: [],
};

const TILES = ["0/000", "0/000.p/1", "0/000.p/7", "1/000.p/1", "entries/000", "entries/000.p/3", "data/000.p/1", "x"];
const number = (random: Random): string =>
  random.pick(["0", "1", "2", "5", "300", "9007199254740991", "9007199254740992", "-1", "1.5", "", "x"]);
const log = (random: Random): string =>
  random.pick(["", "&log=signature", "&log=certificate", "&log=rekor-v1", "&log=constructor"]);
const none: Make = () => ({});

/** A valid request of every handler. */
export function contents(material: Material): Readonly<Record<Handler, Make>> {
  const { email, token, key, pem, proof, chain, v1Id, witnessed } = material;
  const signing: Make = (random) => {
    const publicKeyRequest = { publicKey: { algorithm: "ECDSA", content: pem }, proofOfPossession: proof };
    const csr = { certificateSigningRequest: Buffer.from(random.pick(REQUESTS).pem).toString("base64") };
    const asked = random.chance(0.3) ? csr : { publicKeyRequest };
    const body = JSON.stringify({ credentials: { oidcIdentityToken: token }, ...asked });
    return { contentType: JSON_TYPE, body };
  };
  const search: Make = (random) => ({
    query: `${random.pick(["digest=sha256:", "email=", "publicKey=", "identity=", "issuer=", "constructor="])}${random.pick(
      [createHash("sha256").update("x").digest("hex"), email, "%00"],
    )}${log(random)}&limit=${number(random)}`,
  });
  const questions: Make = (random) => ({
    query: random.pick([
      "q=alice@example.com",
      "q=0",
      `q=${"a".repeat(64)}`,
      "q=%22%3Cb%3E",
      "email=a@b.c&and=o/r&kind=&log=signature&since=2026-01-01&until=",
      "email=a@b.c",
      "hash=sha256:x",
      "repository=o/r&ref=refs/tags/&runner=self-hosted&visibility=public&seen=20",
    ]),
  });
  const entry: Make = (random) => ({ rest: number(random), query: log(random).slice(1) });
  const chains: Make = () => ({ contentType: JSON_TYPE, body: JSON.stringify({ chain }) });
  const tiles: Make = (random) => ({ rest: random.pick(TILES) });
  return {
    wake: none,
    problems: none,
    watchPage: none,
    changeWatches: () => ({
      contentType: FORM_TYPE,
      body: "do=start&by=webhook&url=https%3A%2F%2Fhooks.example.com&token=x",
    }),
    beginSignIn: none,
    endSignIn: () => ({ query: "state=x&code=y&iss=z" }),
    signOut: () => ({ contentType: FORM_TYPE, body: "token=x" }),
    stopPage: () => ({ query: `watch=${"A".repeat(64)}` }),
    stopWatch: () => ({ query: `watch=${"A".repeat(64)}`, contentType: FORM_TYPE, body: "List-Unsubscribe=One-Click" }),
    feed: (random) => ({ rest: random.pick([email, "search", "%00"]), query: "identity=x" }),
    signingCertificate: signing,
    explain: signing,
    legacySigningCertificate: () => ({
      contentType: JSON_TYPE,
      authorization: `Bearer ${token}`,
      body: legacyBody(pem, proof),
    }),
    trustBundle: none,
    configuration: none,
    legacyRootCertificate: none,
    timestamp: (random) => timestampQuery(random),
    certChain: none,
    addEntry: (random) => ({ contentType: JSON_TYPE, body: JSON.stringify(entryRequest(key, random)) }),
    checkpoint: none,
    tile: tiles,
    addChain: chains,
    addPreChain: chains,
    getRoots: none,
    ctCheckpoint: none,
    ctTile: tiles,
    issuer: (random) => ({
      rest: random.pick([
        "0".repeat(64),
        createHash("sha256")
          .update(Buffer.from(chain[1] ?? "", "base64"))
          .digest("hex"),
      ]),
    }),
    v1LogInfo: none,
    v1PublicKey: (random) => ({ query: random.pick(["", "treeID=", "treeID=1", "treeID=x"]) }),
    v1Proof: (random) => ({ query: `firstSize=${number(random)}&lastSize=${number(random)}` }),
    v1AddEntry: (random) => ({ contentType: JSON_TYPE, body: JSON.stringify(v1Entry(key, random)) }),
    v1EntryByIndex: (random) => ({ query: `logIndex=${number(random)}` }),
    v1EntryById: (random) => ({
      rest: random.pick([v1Id, v1Id.slice(16), "0".repeat(64), "1".repeat(80), "f".repeat(80), "x"]),
    }),
    v1Retrieve: (random) => ({ contentType: JSON_TYPE, body: JSON.stringify(v1Query(material, random)) }),
    v1SearchIndex: (random) => ({
      contentType: JSON_TYPE,
      body: JSON.stringify({
        operator: random.pick(["and", "or", null, "x"]),
        hash: random.pick([null, "0".repeat(64), "sha256:x"]),
        email: random.pick([null, email, "x"]),
        subject: random.pick([null, "https://example.com/x"]),
        publicKey: random.pick([null, { format: "x509", content: Buffer.from(pem).toString("base64") }]),
      }),
    }),
    v1Checkpoint: none,
    v1Tile: tiles,
    logs: none,
    search,
    indexAttestation: () => ({ contentType: JSON_TYPE, body: JSON.stringify(ENVELOPE) }),
    entryTlogProof: (random) => ({ rest: `${number(random)}.tlog-proof`, query: log(random).slice(1) }),
    entry,
    inclusion: (random) => ({ query: `index=${number(random)}&size=${number(random)}${log(random)}` }),
    consistency: (random) => ({ query: `from=${number(random)}&to=${number(random)}${log(random)}` }),
    meta: (random) => ({ rest: number(random), query: log(random).slice(1) }),
    tuf: (random) => ({
      rest: random.pick(["timestamp.json", "1.root.json", "2.root.json", "targets/x", "root.json"]),
    }),
    trustedRoot: none,
    signingConfig: none,
    clientTrustConfig: none,
    health: none,
    startPage: none,
    searchPage: questions,
    searchEvidence: questions,
    badge: questions,
    logsPage: none,
    meanings: (random) => ({
      query: `q=${random.pick(["alice@example.com", "0".repeat(40), "12", "x".repeat(9000), "%7B", "%25", "%00"])}`,
    }),
    verifyPage: (random) => ({ query: `index=${number(random)}${log(random)}` }),
    signPage: (random) => ({ query: random.pick(["", "code=a&state=b&iss=c", "error=access_denied", "state=%00"]) }),
    identityPage: (random) => ({ rest: random.pick(["alice@example.com", "https%3A%2F%2Fx.y%2Fz", "%ff", "%3Cb%3E"]) }),
    entryPage: (random) => ({
      rest: `${random.pick(["signature", "certificate", "rekor-v1", "x"])}/${number(random)}`,
    }),
    entryBundle: (random) => ({
      rest: `${random.pick(["signature", "rekor-v1"])}/${number(random)}.sigstore.json`,
    }),
    entryCertificate: (random) => ({ rest: `certificate/${number(random)}.pem` }),
    metrics: none,
    discovery: none,
    jwks: none,
    ...signIns(email),
    addCheckpoint: (random) => ({ contentType: "text/plain", body: witnessed.request(random.below(8)) }),
    about: none,
    cosignedCheckpoint: (random) => ({
      rest: random.pick([createHash("sha256").update(witnessed.origin).digest("hex"), "0".repeat(64), "x"]),
    }),
  };
}

const FORM_TYPE = "application/x-www-form-urlencoded";
const CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/** Sign-ins, as far as a stranger gets with them. */
function signIns(email: string) {
  const authorization = (random: Random): string =>
    new URLSearchParams({
      client_id: random.pick(["sigstore", "sigstore", "site", "x"]),
      redirect_uri: random.pick(["http://localhost:1/cb", "urn:ietf:wg:oauth:2.0:oob", "https://evil.example"]),
      response_type: "code",
      scope: "openid email",
      state: random.pick(["s", "x".repeat(256), "x".repeat(257)]),
      nonce: "n",
      code_challenge: CHALLENGE,
      code_challenge_method: random.pick(["S256", "S256", "plain"]),
    }).toString();
  const post = (fields: Readonly<Record<string, string>>): Content => ({
    contentType: FORM_TYPE,
    body: new URLSearchParams(fields).toString(),
  });
  const sealed = (random: Random): string => Buffer.from(random.bytes(200)).toString("base64url");
  return {
    authorize: (random) => ({ query: authorization(random) }),
    authorizeByForm: (random) => ({ contentType: FORM_TYPE, body: authorization(random) }),
    choose: (random) => ({ rest: random.pick(["choose", "development", "x"]), query: `ticket=${sealed(random)}` }),
    callback: (random) => ({ rest: random.pick(["development", "x"]), query: `state=${sealed(random)}&code=x` }),
    confirm: (random) => post({ ticket: sealed(random), answer: "grant", address: email }),
    token: (random) =>
      random.chance(0.5)
        ? post({
            grant_type: "authorization_code",
            client_id: "sigstore",
            code: "x",
            redirect_uri: "x",
            code_verifier: "x",
          })
        : post({ grant_type: "urn:ietf:params:oauth:grant-type:device_code", device_code: sealed(random) }),
    deviceCode: () =>
      post({ client_id: "sigstore", scope: "openid email", code_challenge: CHALLENGE, code_challenge_method: "S256" }),
    devicePage: (random) => ({ query: `user_code=${random.pick(["WXYZ-BCDF", "%00"])}` }),
    deviceForm: (random) => post({ user_code: random.pick(["WXYZ-BCDF", "bcdfbcdf", ""]) }),
  } satisfies Readonly<Record<string, Make>>;
}

/** A query in DER or JSON. */
function timestampQuery(random: Random): Content {
  const digest = random.bytes(32);
  if (random.chance(0.5)) {
    const nonce = random.below(2 ** 31);
    const artifactHash = Buffer.from(digest).toString("base64");
    const body = JSON.stringify({ artifactHash, hashAlgorithm: "sha256", nonce, certificates: true });
    return { contentType: JSON_TYPE, body };
  }
  const head = Buffer.from("30430201013031300d060960864801650304020105000420", "hex");
  const nonce = Buffer.concat([Buffer.from("0206", "hex"), random.bytes(6)]);
  const body = Buffer.concat([head, digest, nonce, Buffer.from("0101ff", "hex")]);
  return { contentType: "application/timestamp-query", body };
}

/** A new entry, or one that rekor-server has judged, of any kind. */
function v1Entry({ privateKey }: ClientKey, random: Random): object {
  if (random.chance(0.5)) return random.pick(V1_ENTRIES).proposed;
  const make = random.pick([makeHashedRekord, makeDsseEntry, makeIntoto1, makeIntoto2, makeRekord]);
  return make(v1SignerOf(privateKey), String(random.next()));
}

const v1Query = ({ key, v1Id }: Material, random: Random): object => ({
  entryUUIDs: random.pick([null, [v1Id, v1Id.slice(16)], ["0".repeat(64), "1".repeat(80)]]),
  logIndexes: random.pick([null, [0, 1, 300], [-1]]),
  entries: random.pick([null, [v1Entry(key, random)]]),
});

function entryRequest(key: ClientKey, random: Random): object {
  if (random.chance(0.6)) return artifactRequest(key, String(random.next()));
  const count = random.pick([1, 3, 300, 1024]);
  const subjects = Array.from({ length: count }, (_, i) => i.toString(16).padStart(64, "0"));
  return attestationRequest(key, subjects);
}
