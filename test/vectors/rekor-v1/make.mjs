// SPDX-License-Identifier: Apache-2.0
// Posts proposed entries to a Rekor v1 server and prints its answers:
// node make.mjs http://127.0.0.1:3000 > entries.json
// Keys and signatures are made by node:crypto and openssl anew each time.

import { execFileSync } from "node:child_process";
import { createHash, generateKeyPairSync, sign } from "node:crypto";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const [server] = process.argv.slice(2);
const base64 = (bytes) => Buffer.from(bytes).toString("base64");
const ec = (namedCurve) => generateKeyPairSync("ec", { namedCurve });
const rsa = (modulusLength) => generateKeyPairSync("rsa", { modulusLength });
const pemOf = ({ publicKey }, type = "spki") => String(publicKey.export({ format: "pem", type }));

const p256 = ec("P-256");
const keys = { p256, p384: ec("P-384"), p521: ec("P-521"), rsa2048: rsa(2048), ed25519: generateKeyPairSync("ed25519") };
const pem = pemOf(p256);

function certificateOf({ privateKey }) {
  const folder = mkdtempSync(join(tmpdir(), "rekor-v1-"));
  const file = join(folder, "key.pem");
  writeFileSync(file, privateKey.export({ format: "pem", type: "pkcs8" }));
  const out = join(folder, "certificate.pem");
  const names = "subjectAltName=email:alice@example.com,URI:https://example.com/workflow";
  execFileSync("openssl", ["req", "-x509", "-new", "-key", file, "-subj", "/CN=test", "-addext", names, "-days", "1", "-out", out]);
  return readFileSync(out, "utf8");
}

const certificate = certificateOf(p256);

const artifact = Buffer.from("an artifact");
function hashed(pair, verifier, { hash = "sha256", signature, algorithm = hash, upper = false } = {}) {
  const digest = createHash(hash).update(artifact).digest("hex");
  const content = base64(signature ?? sign(hash, artifact, pair.privateKey));
  return {
    apiVersion: "0.0.1",
    kind: "hashedrekord",
    spec: {
      data: { hash: { algorithm, value: upper ? digest.toUpperCase() : digest } },
      signature: { content, publicKey: { content: base64(verifier) } },
    },
  };
}

const statement = JSON.stringify({
  _type: "https://in-toto.io/Statement/v1",
  subject: [{ name: "a", digest: { sha256: createHash("sha256").update("a").digest("hex") } }],
  predicateType: "https://example.com/predicate",
  predicate: {},
});
const pae = (type, body) => Buffer.from(`DSSEv1 ${type.length} ${type} ${Buffer.byteLength(body)} ${body}`);
const IN_TOTO = "application/vnd.in-toto+json";

function envelope(pair, body, type = IN_TOTO, hash = "sha256") {
  const sig = base64(sign(hash, pae(type, body), pair.privateKey));
  return { payload: base64(body), payloadType: type, signatures: [{ keyid: "", sig }] };
}
const dsse = (text, ...verifiers) => ({
  apiVersion: "0.0.1",
  kind: "dsse",
  spec: { proposedContent: { envelope: text, verifiers: verifiers.map(base64) } },
});

/** An envelope with a signature of each pair. */
const envelopeOf = (body, ...pairs) => ({
  ...envelope(pairs[0], body),
  signatures: pairs.map((pair) => envelope(pair, body).signatures[0]),
});
const twice = (text) => base64(base64(text));
const hashOf = (text) => ({ algorithm: "sha256", value: createHash("sha256").update(text).digest("hex") });
const intoto = (apiVersion, spec) => ({ apiVersion, kind: "intoto", spec });
/** intoto 0.0.1 of the text of an envelope. */
const intoto1 = (text, verifier, content = {}) =>
  intoto("0.0.1", { content: { envelope: text, ...content }, publicKey: base64(verifier) });
/** intoto 0.0.2 of an envelope, as clients send it. */
function intoto2({ payload, payloadType, signatures }, verifiers, { keyid, ...more } = {}) {
  const members = {
    payload: base64(payload),
    payloadType,
    signatures: signatures.map(({ sig }, i) => ({
      ...(keyid === undefined ? {} : { keyid }),
      sig: base64(sig),
      publicKey: base64(verifiers[i] ?? verifiers[0]),
    })),
  };
  return intoto("0.0.2", { content: { envelope: members, hash: hashOf("the envelope"), ...more } });
}

/** The fingerprint of a P-256 key as ssh-keygen prints it. */
function sshFingerprint({ publicKey }) {
  const string = (bytes) => Buffer.concat([Buffer.from([0, 0, 0, bytes.length]), bytes]);
  const point = publicKey.export({ format: "der", type: "spki" }).subarray(-65);
  const parts = [Buffer.from("ecdsa-sha2-nistp256"), Buffer.from("nistp256"), point].map(string);
  return `SHA256:${createHash("sha256").update(Buffer.concat(parts)).digest("base64").replace(/=+$/, "")}`;
}
const named = (pair, keyid) => {
  const { signatures, ...rest } = envelope(pair, statement);
  return JSON.stringify({ ...rest, signatures: [{ ...signatures[0], keyid }] });
};

const other = ec("P-256");
const several = envelopeOf(statement, p256, other, keys.p384);
const severalPems = [pem, pemOf(other), pemOf(keys.p384)];
const signed = envelope(p256, statement);
const urlSafe = { ...signed, signatures: [{ sig: signed.signatures[0].sig.replaceAll("+", "-").replaceAll("/", "_") }] };

const cases = {
  "hashedrekord: P-256": hashed(p256, pem),
  "hashedrekord: certificate": hashed(p256, certificate),
  "hashedrekord: digest in upper case": hashed(p256, pem, { upper: true }),
  "hashedrekord: PEM without its last newline": hashed(p256, pem.trim()),
  "hashedrekord: PEM with CRLF": hashed(p256, pem.replaceAll("\n", "\r\n")),
  "hashedrekord: PEM in short lines": hashed(p256, pem.replace(/([A-Za-z0-9+/=]{32})(?=[A-Za-z0-9+/=])/g, "$1\n")),
  "hashedrekord: PEM after a comment": hashed(p256, `a comment\n${pem}`),
  "hashedrekord: PEM between blank lines": hashed(p256, `\n\n${pem}\n\n`),
  "hashedrekord: PEM before other text": hashed(p256, `${pem}AAAA`),
  "hashedrekord: PEM behind a blank": hashed(p256, `a comment\n ${pem}`),
  "hashedrekord: PEM behind a byte order mark": hashed(p256, `\ufeff${pem}`),
  "hashedrekord: P-384": hashed(keys.p384, pemOf(keys.p384), { hash: "sha384" }),
  "hashedrekord: P-521": hashed(keys.p521, pemOf(keys.p521), { hash: "sha512" }),
  "hashedrekord: RSA": hashed(keys.rsa2048, pemOf(keys.rsa2048)),
  "hashedrekord: P-384 over SHA-256": hashed(keys.p384, pemOf(keys.p384)),
  "hashedrekord: P-256 over SHA-512": hashed(p256, pem, { hash: "sha512" }),
  "hashedrekord: another signature": hashed(p256, pem, { signature: sign("sha256", Buffer.from("x"), p256.privateKey) }),
  "hashedrekord: another key": hashed(p256, pemOf(ec("P-256"))),
  "hashedrekord: no signature": hashed(p256, pem, { signature: Buffer.alloc(0) }),
  "hashedrekord: no key": hashed(p256, ""),
  "hashedrekord: PKCS#1": hashed(keys.rsa2048, pemOf(keys.rsa2048, "pkcs1")),
  "hashedrekord: not PEM": hashed(p256, "x"),
  "hashedrekord: unknown hash": hashed(p256, pem, { algorithm: "md5" }),
  "hashedrekord: hash of another length": hashed(p256, pem, { algorithm: "sha512" }),
  "hashedrekord: no spec": { apiVersion: "0.0.1", kind: "hashedrekord" },
  "hashedrekord: empty spec": { apiVersion: "0.0.1", kind: "hashedrekord", spec: {} },
  "hashedrekord: unknown version": { ...hashed(p256, pem), apiVersion: "0.0.9" },
  "no kind": {},
  "unknown kind": { apiVersion: "0.0.1", kind: "constructor", spec: {} },
  "dsse: P-256": dsse(JSON.stringify(signed), pem),
  "dsse: white space": dsse(JSON.stringify(signed, null, 2), pem),
  "dsse: certificate": dsse(JSON.stringify(envelope(p256, statement)), certificate),
  "dsse: no keyid, URL-safe base64": dsse(JSON.stringify(urlSafe), pem),
  "dsse: another type": dsse(JSON.stringify(envelope(p256, "text", "text/plain")), pem),
  "dsse: not a statement": dsse(JSON.stringify(envelope(p256, "[]")), pem),
  "dsse: P-384": dsse(JSON.stringify(envelope(keys.p384, statement)), pemOf(keys.p384)),
  "dsse: RSA": dsse(JSON.stringify(envelope(keys.rsa2048, statement)), pemOf(keys.rsa2048)),
  "dsse: Ed25519": dsse(JSON.stringify(envelope(keys.ed25519, statement, IN_TOTO, null)), pemOf(keys.ed25519)),
  "dsse: the same signature twice": dsse(
    JSON.stringify({ ...signed, signatures: [signed.signatures[0], signed.signatures[0]] }),
    pem,
  ),
  "dsse: another payload": dsse(JSON.stringify({ ...signed, payload: base64("x") }), pem),
  "dsse: another key": dsse(JSON.stringify(signed), pemOf(ec("P-256"))),
  "dsse: no signature": dsse(JSON.stringify({ ...signed, signatures: [] }), pem),
  "dsse: no verifier": dsse(JSON.stringify(signed)),
  "dsse: not JSON": dsse("{", pem),
  "dsse: not base64": dsse(JSON.stringify({ ...signed, payload: "?" }), pem),
  "dsse: computed members": {
    apiVersion: "0.0.1",
    kind: "dsse",
    spec: {
      ...dsse(JSON.stringify(signed), pem).spec,
      payloadHash: { algorithm: "sha256", value: "0".repeat(64) },
    },
  },
  "dsse: three signatures": dsse(JSON.stringify(several), ...severalPems),
  "dsse: two signatures, one of them by nobody": dsse(JSON.stringify(envelopeOf(statement, p256, other)), pem),
  "dsse: two signatures of one key": dsse(JSON.stringify(envelopeOf(statement, p256, p256)), pem, pem),
  "dsse: a chain of certificates": dsse(JSON.stringify(envelope(p256, statement)), certificate + certificateOf(other)),
  "dsse: a certificate and a key": dsse(JSON.stringify(envelope(p256, statement)), certificate + pem),
  "dsse: eleven certificates": dsse(JSON.stringify(envelope(p256, statement)), certificate.repeat(11)),
  "dsse: base64 without its padding": dsse(
    JSON.stringify({ ...envelope(p256, "a"), payload: "YQ" }),
    pem,
  ),
  "dsse: a number as keyid": dsse(
    JSON.stringify({ ...signed, signatures: [{ ...signed.signatures[0], keyid: 1 }] }),
    pem,
  ),
  "intoto 0.0.1: P-256": intoto1(JSON.stringify(signed), pem),
  "intoto 0.0.1: certificate": intoto1(JSON.stringify(envelope(p256, statement)), certificate),
  "intoto 0.0.1: a chain of certificates": intoto1(JSON.stringify(signed), certificate + certificateOf(other)),
  "intoto 0.0.1: Ed25519": intoto1(JSON.stringify(envelope(keys.ed25519, statement, IN_TOTO, null)), pemOf(keys.ed25519)),
  "intoto 0.0.1: RSA": intoto1(JSON.stringify(envelope(keys.rsa2048, statement)), pemOf(keys.rsa2048)),
  "intoto 0.0.1: another type": intoto1(JSON.stringify(envelope(p256, "text", "text/plain")), pem),
  "intoto 0.0.1: keyid of the key": intoto1(named(p256, sshFingerprint(p256)), pem),
  "intoto 0.0.1: keyid of another key": intoto1(named(p256, sshFingerprint(other)), pem),
  "intoto 0.0.1: two signatures": intoto1(JSON.stringify(envelopeOf(statement, other, p256)), pem),
  "intoto 0.0.1: hashes of the client": intoto1(JSON.stringify(envelope(p256, `${statement} `)), pem, {
    hash: hashOf("x"),
    payloadHash: hashOf("y"),
  }),
  "intoto 0.0.1: a hash of another algorithm": intoto1(JSON.stringify(signed), pem, {
    hash: { algorithm: "sha512", value: "00" },
  }),
  "intoto 0.0.1: a hash without a value": intoto1(JSON.stringify(signed), pem, { payloadHash: {} }),
  "intoto 0.0.1: another payload": intoto1(JSON.stringify({ ...signed, payload: base64("x") }), pem),
  "intoto 0.0.1: URL-safe payload": intoto1(
    JSON.stringify({ ...envelope(p256, "\u00ff\u00ff\u00fe"), payload: Buffer.from("\u00ff\u00ff\u00fe").toString("base64url") }),
    pem,
  ),
  "intoto 0.0.1: another key": intoto1(JSON.stringify(signed), pemOf(other)),
  "intoto 0.0.1: no signature": intoto1(JSON.stringify({ ...signed, signatures: [] }), pem),
  "intoto 0.0.1: no envelope": intoto("0.0.1", { content: {}, publicKey: base64(pem) }),
  "intoto 0.0.1: as it is stored": intoto("0.0.1", { content: { hash: hashOf("x") }, publicKey: base64(pem) }),
  "intoto 0.0.1: no key": intoto("0.0.1", { content: { envelope: JSON.stringify(signed) } }),
  "intoto 0.0.1: empty spec": intoto("0.0.1", {}),
  "intoto 0.0.1: no type": intoto1(JSON.stringify(envelope(p256, "text", "")), pem),
  "intoto 0.0.2: P-256": intoto2(signed, [pem]),
  "intoto 0.0.2: a keyid": intoto2(envelope(p256, statement), [pem], { keyid: 'a "key" <\u00e9>' }),
  "intoto 0.0.2: certificate": intoto2(envelope(p256, statement), [certificate]),
  "intoto 0.0.2: PEM after a comment": intoto2(envelope(p256, statement), [`a comment\n${pem}`]),
  "intoto 0.0.2: a chain of certificates": intoto2(signed, [certificate + certificateOf(other)]),
  "intoto 0.0.2: three signatures": intoto2(several, severalPems),
  "intoto 0.0.2: Ed25519": intoto2(envelope(keys.ed25519, statement, IN_TOTO, null), [pemOf(keys.ed25519)]),
  "intoto 0.0.2: another type": intoto2(envelope(p256, "text", "text/<plain>"), [pem]),
  "intoto 0.0.2: not a statement": intoto2(envelope(p256, "[]"), [pem]),
  "intoto 0.0.2: a hash that is no digest": intoto2(envelope(p256, statement), [pem], {
    hash: { algorithm: "sha256", value: "\u2028 <hash>" },
  }),
  "intoto 0.0.2: a payload's hash of the client": intoto2(envelope(p256, statement), [pem], { payloadHash: hashOf("y") }),
  "intoto 0.0.2: two signatures of one key": intoto2(envelopeOf(statement, p256, p256), [pem]),
  "intoto 0.0.2: another key": intoto2(signed, [pemOf(other)]),
  "intoto 0.0.2: another payload": intoto2({ ...signed, payload: base64("x") }, [pem]),
  "intoto 0.0.2: a payload in base64 once": intoto2({ ...signed, payload: statement }, [pem]),
  "intoto 0.0.2: a signature in base64 once": intoto2(
    { ...signed, signatures: [{ sig: Buffer.from(signed.signatures[0].sig, "base64") }] },
    [pem],
  ),
  "intoto 0.0.2: no payload": intoto2({ ...signed, payload: "" }, [pem]),
  "intoto 0.0.2: no type": intoto2(envelope(p256, "text", ""), [pem]),
  "intoto 0.0.2: no signature": intoto2({ ...signed, signatures: [] }, [pem]),
  "intoto 0.0.2: no hash": intoto2(signed, [pem], { hash: null }),
  "intoto 0.0.2: a hash of another algorithm": intoto2(signed, [pem], { hash: { algorithm: "sha512", value: "00" } }),
  "intoto 0.0.2: a signature without members": intoto("0.0.2", {
    content: { envelope: { payload: twice("x"), payloadType: IN_TOTO, signatures: [{}] } },
  }),
  "intoto 0.0.2: empty content": intoto("0.0.2", { content: {} }),
  "intoto 0.0.2: empty spec": intoto("0.0.2", {}),
  "dsse: empty spec": { apiVersion: "0.0.1", kind: "dsse", spec: {} },
};

const rows = [];
for (const [name, proposed] of Object.entries(cases)) {
  const response = await fetch(`${server}/api/v1/log/entries`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(proposed),
  });
  const json = await response.json();
  const [id] = Object.keys(json);
  const result =
    response.status === 201
      ? { body: Buffer.from(json[id].body, "base64").toString(), uuid: id.slice(16) }
      : response.status === 409
        ? { uuid: json.message.slice(-64) }
        : json;
  rows.push({ name, proposed, status: response.status, result });
}
console.log(JSON.stringify(rows, null, 1));
