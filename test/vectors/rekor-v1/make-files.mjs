// SPDX-License-Identifier: Apache-2.0
// Posts entries that hold the signed file itself to a Rekor v1 server and prints its answers:
// node make-files.mjs http://127.0.0.1:3000 > files.json
// Keys and signatures are made by node:crypto, openssl and ssh-keygen anew each time.

import { execFileSync } from "node:child_process";
import { createHash, generateKeyPairSync, randomBytes, sign } from "node:crypto";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const [server] = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), "rekor-v1-files-"));
const base64 = (bytes) => Buffer.from(bytes).toString("base64");
const run = (command, ...args) => execFileSync(command, args, { cwd: folder, stdio: ["ignore", "pipe", "ignore"] });
const read = (name) => readFileSync(join(folder, name));
const write = (name, bytes) => writeFileSync(join(folder, name), bytes);

const data = Buffer.from("a file\n");
const hashOf = (bytes) => createHash("sha256").update(bytes).digest("hex");
write("data", data);

const rekord = (format, key, signature, more = {}) => ({
  apiVersion: "0.0.1",
  kind: "rekord",
  spec: {
    data: { content: base64(data), ...more },
    signature: { format, content: base64(signature), publicKey: { content: base64(key) } },
  },
});

// x509
const ec = (namedCurve) => generateKeyPairSync("ec", { namedCurve });
const pairs = {
  "P-256": ec("P-256"),
  "P-384": ec("P-384"),
  "P-521": ec("P-521"),
  "RSA 2048": generateKeyPairSync("rsa", { modulusLength: 2048 }),
  Ed25519: generateKeyPairSync("ed25519"),
};
const pemOf = ({ publicKey }) => String(publicKey.export({ format: "pem", type: "spki" }));
const x509 = ({ privateKey, ...pair }, hash = "sha256") => {
  const algorithm = privateKey.asymmetricKeyType === "ed25519" ? null : hash;
  return [pemOf(pair), sign(algorithm, data, privateKey)];
};
const p256 = x509(pairs["P-256"]);
write("p256.pem", pairs["P-256"].privateKey.export({ format: "pem", type: "pkcs8" }));
const names = "subjectAltName=email:alice@example.com,URI:https://example.com/workflow";
const selfSigned = ["req", "-x509", "-new", "-subj", "/CN=test", "-days", "1"];
run("openssl", ...selfSigned, "-key", "p256.pem", "-addext", names, "-out", "certificate.pem");

// ssh
function ssh(name, args, { namespace = "file", options = [] } = {}) {
  run("ssh-keygen", "-q", "-N", "", "-C", "alice@example.com", ...args, "-f", name);
  run("ssh-keygen", "-Y", "sign", "-f", name, "-n", namespace, ...options, "data");
  const signature = read("data.sig");
  run("rm", "data.sig");
  return [read(`${name}.pub`), signature];
}
const ed25519 = ssh("ed25519", ["-t", "ed25519"]);
const another = ssh("another", ["-t", "ed25519"]);
const sshKeys = {
  ed25519,
  "ecdsa P-256": ssh("ecdsa256", ["-t", "ecdsa", "-b", "256"]),
  "ecdsa P-384": ssh("ecdsa384", ["-t", "ecdsa", "-b", "384"]),
  "ecdsa P-521": ssh("ecdsa521", ["-t", "ecdsa", "-b", "521"]),
  "rsa 2048": ssh("rsa2048", ["-t", "rsa", "-b", "2048"]),
  "rsa 4096": ssh("rsa4096", ["-t", "rsa", "-b", "4096"]),
};
const text = (bytes) => Buffer.from(bytes).toString();
const sshWith = (change) => [ed25519[0], Buffer.from(change(text(ed25519[1])))];

// minisign: untrusted comment, algorithm ‖ key ID ‖ signature, trusted comment, signature over both
function minisign(algorithm, { keyId = randomBytes(8), pair = generateKeyPairSync("ed25519") } = {}) {
  const point = pair.publicKey.export({ format: "der", type: "spki" }).subarray(-32);
  const key = `untrusted comment: minisign public key\n${base64(Buffer.concat([Buffer.from("Ed"), keyId, point]))}\n`;
  const signed = algorithm === "ED" ? createHash("blake2b512").update(data).digest() : data;
  const signature = sign(null, signed, pair.privateKey);
  const comment = "timestamp:1700000000\tfile:data";
  const global = sign(null, Buffer.concat([signature, Buffer.from(comment)]), pair.privateKey);
  const lines = [
    "untrusted comment: signature from minisign secret key",
    base64(Buffer.concat([Buffer.from(algorithm), keyId, signature])),
    `trusted comment: ${comment}`,
    base64(global),
  ];
  return [key, `${lines.join("\n")}\n`];
}
const prehashed = minisign("ED");
const legacy = minisign("Ed");

// rfc3161
function timestamp(name, key, digest, query = []) {
  const config = [
    "[tsa]",
    "serial=serial",
    "default_policy=1.2.3",
    "signer_digest=sha256",
    "digests=sha256,sha384,sha512",
    "ess_cert_id_alg=sha256",
  ];
  write("ts.conf", `${config.join("\n")}\n`);
  write("serial", "01");
  write(`${name}.pem`, key.privateKey.export({ format: "pem", type: "pkcs8" }));
  const purpose = "extendedKeyUsage=critical,timeStamping";
  run("openssl", ...selfSigned, "-key", `${name}.pem`, "-addext", purpose, "-out", `${name}.crt`);
  run("openssl", "ts", "-query", "-data", "data", `-${digest}`, ...query, "-out", `${name}.tsq`);
  const reply = ["ts", "-reply", "-config", "ts.conf", "-section", "tsa", "-queryfile", `${name}.tsq`];
  run("openssl", ...reply, "-signer", `${name}.crt`, "-inkey", `${name}.pem`, "-out", `${name}.tsr`);
  return read(`${name}.tsr`);
}
const rfc3161 = (bytes) => ({
  apiVersion: "0.0.1",
  kind: "rfc3161",
  spec: { tsr: { content: base64(bytes) } },
});
const tsr = timestamp("tsa256", pairs["P-256"], "sha256", ["-cert"]);
function flip(bytes, at) {
  const changed = Buffer.from(bytes);
  changed[at < 0 ? changed.length + at : at] ^= 1;
  return changed;
}

// alpine: as abuild makes a package, with tar, gzip and openssl
const gzip = (name) => execFileSync("gzip", ["-n", "-9", "-c", name], { cwd: folder });
function tar(name, format, ...files) {
  run("tar", `--format=${format}`, "--owner=0", "--group=0", "--numeric-owner", "-cf", name, ...files);
  // Like abuild-tar --cut: without the empty blocks at the end.
  let { length } = read(name);
  while (read(name).subarray(length - 512, length).every((byte) => byte === 0)) length -= 512;
  write(name, read(name).subarray(0, length));
  return gzip(name);
}
write("apk.pem", pairs["RSA 2048"].privateKey.export({ format: "pem", type: "pkcs8" }));
function apk({ lines = [], format = "ustar", files = gzip("data") } = {}) {
  const info = ["# Generated by abuild", "pkgname = a", "pkgver = 1-r0", ...lines, `datahash = ${hashOf(files)}`];
  write(".PKGINFO", `${info.join("\n")}\n`);
  const control = tar("control.tar", format, ".PKGINFO");
  write("control.tar.gz", control);
  run("openssl", "dgst", "-sha1", "-sign", "apk.pem", "-out", ".SIGN.RSA.key.rsa.pub", "control.tar.gz");
  return Buffer.concat([tar("signature.tar", "ustar", ".SIGN.RSA.key.rsa.pub"), control, files]);
}
const alpine = (bytes, { key = pemOf(pairs["RSA 2048"]), ...more } = {}) => ({
  apiVersion: "0.0.1",
  kind: "alpine",
  spec: { package: { content: base64(bytes), ...more }, publicKey: { content: base64(key) } },
});
const sized = apk({ lines: ["size = 7"] });
const alpineKey = readFileSync(join(import.meta.dirname, "alpine", "test_alpine.pub"));
const alpinesOwn = readFileSync(join(import.meta.dirname, "alpine", "test_alpine.apk"));

const good = rekord("x509", ...p256);
const withSpec = (kind, spec) => ({ apiVersion: "0.0.1", kind, spec });
const signatureWith = (changes) =>
  withSpec("rekord", { data: good.spec.data, signature: { ...good.spec.signature, ...changes } });
const dataWith = (changes) => rekord("x509", ...p256, changes);

const cases = {
  ...Object.fromEntries(Object.entries(pairs).map(([name, pair]) => [`x509 ${name}`, rekord("x509", ...x509(pair))])),
  "x509 certificate": rekord("x509", read("certificate.pem"), p256[1]),
  "x509 with its hash": dataWith({ hash: { algorithm: "sha256", value: hashOf(data) } }),
  "x509 P-384 over SHA-384": rekord("x509", ...x509(pairs["P-384"], "sha384")),
  "x509 another key": rekord("x509", x509(pairs["P-384"])[0], p256[1]),
  "x509 hash in upper case": dataWith({ hash: { algorithm: "sha256", value: hashOf(data).toUpperCase() } }),
  "x509 hash of another file": dataWith({ hash: { algorithm: "sha256", value: hashOf("other") } }),
  "x509 short hash": dataWith({ hash: { algorithm: "sha256", value: "aa" } }),
  "x509 empty hash": dataWith({ hash: { algorithm: "sha256", value: "" } }),
  "x509 hash without its value": dataWith({ hash: { algorithm: "sha256" } }),
  "x509 hash without its algorithm": dataWith({ hash: {} }),
  "x509 unknown hash": dataWith({ hash: { algorithm: "sha512", value: hashOf(data) } }),
  "a URL": withSpec("rekord", { data: { url: "https://example.com/" }, signature: good.spec.signature }),
  "no data": withSpec("rekord", { data: {}, signature: good.spec.signature }),
  "no data but its hash": withSpec("rekord", {
    data: { hash: { algorithm: "sha256", value: hashOf("") } },
    signature: { ...good.spec.signature, content: base64(sign("sha256", "", pairs["P-256"].privateKey)) },
  }),
  "rekord: empty spec": withSpec("rekord", {}),
  "rekord: empty signature": withSpec("rekord", { data: good.spec.data, signature: {} }),
  "rekord: no format": signatureWith({ format: undefined }),
  "rekord: unknown format": signatureWith({ format: "tuf" }),
  "rekord: no key": signatureWith({ publicKey: undefined }),
  "rekord: empty key": signatureWith({ publicKey: {} }),
  ...Object.fromEntries(Object.entries(sshKeys).map(([name, pair]) => [`ssh ${name}`, rekord("ssh", ...pair)])),
  "ssh key without its comment": rekord("ssh", text(ed25519[0]).split(" ").slice(0, 2).join(" "), ed25519[1]),
  "ssh key after a comment": rekord("ssh", `# mine\n\n  ${text(ed25519[0])}`, ed25519[1]),
  "ssh key with CRLF": rekord("ssh", text(ed25519[0]).replace("\n", "\r\n"), ed25519[1]),
  "ssh signature with CRLF": rekord("ssh", ...sshWith((armor) => armor.replaceAll("\n", "\r\n"))),
  "ssh signature without its last newline": rekord("ssh", ...sshWith((armor) => armor.trim())),
  "ssh with SHA-256": rekord("ssh", ...ssh("sha256", ["-t", "ed25519"], { options: ["-O", "hashalg=sha256"] })),
  "ssh signature for git": rekord("ssh", ...ssh("git", ["-t", "ed25519"], { namespace: "git" })),
  "ssh key that is not one": rekord("ssh", "ssh-ed25519 AAAA alice", ed25519[1]),
  "ssh signature that is not armored": rekord("ssh", ed25519[0], "AAAA"),
  "ssh signature with another label": rekord(
    "ssh",
    ...sshWith((armor) => armor.replaceAll("SSH SIGNATURE", "PUBLIC KEY")),
  ),
  "ssh signature of another file": rekord("ssh", ...ed25519, { content: base64("another file") }),
  "ssh another key": rekord("ssh", another[0], ed25519[1]),
  "minisign prehashed": rekord("minisign", ...prehashed),
  "minisign legacy": rekord("minisign", ...legacy),
  "minisign key without its comment": rekord("minisign", prehashed[0].split("\n")[1], prehashed[1]),
  "minisign with CRLF": rekord("minisign", ...prehashed.map((one) => one.replaceAll("\n", "\r\n"))),
  signify: rekord("minisign", legacy[0], legacy[1].split("\n").slice(0, 2).join("\n")),
  "minisign signature of another file": rekord("minisign", ...prehashed, { content: base64("another file") }),
  "minisign signature in three lines": rekord(
    "minisign",
    prehashed[0],
    prehashed[1].split("\n").slice(0, 3).join("\n"),
  ),
  "minisign short signature": rekord("minisign", prehashed[0], "untrusted comment: short\nAAAA\n"),
  "minisign signature that is not base64": rekord("minisign", prehashed[0], "untrusted comment: no\n!\n"),
  "minisign key that is not one": rekord("minisign", "AAAA", prehashed[1]),
  "rfc3161 P-256": rfc3161(tsr),
  "rfc3161 RSA over SHA-512": rfc3161(timestamp("tsaRsa", pairs["RSA 2048"], "sha512", ["-cert"])),
  "rfc3161 P-384 over SHA-384": rfc3161(timestamp("tsa384", pairs["P-384"], "sha384", ["-cert"])),
  "rfc3161 without a certificate": rfc3161(timestamp("bare", pairs["P-256"], "sha256")),
  "rfc3161 another signature": rfc3161(flip(tsr, -1)),
  "rfc3161 not DER": rfc3161("AAAA"),
  "rfc3161 too long": rfc3161(Buffer.alloc(10 * 1024 + 1)),
  "rfc3161 rejection": rfc3161(Buffer.from("30053003020102", "hex")),
  "alpine: one of Alpine's": alpine(alpinesOwn, { key: alpineKey }),
  alpine: alpine(apk()),
  "alpine with its hash": alpine(sized, { hash: { algorithm: "sha256", value: hashOf(sized) } }),
  "alpine with PAX headers": alpine(apk({ format: "pax" })),
  "alpine with repeated fields and a comment": alpine(
    apk({ lines: ["depend = b", "depend = c>1", "pkgdesc = Caf\u00e9 # bar", "url = https://example.com/;a", "license ="] }),
  ),
  "alpine with many fields": alpine(
    apk({ lines: Array.from({ length: 120 }, (_, i) => `field${i} = ${createHash("md5").update(`${i}`).digest("hex")}`) }),
  ),
  "alpine another key": alpine(apk(), { key: alpineKey }),
  "alpine of other files": alpine(Buffer.concat([apk(), Buffer.alloc(1)])),
  "alpine hash of another package": alpine(apk(), { hash: { algorithm: "sha256", value: hashOf("other") } }),
  "alpine not gzip": alpine("AAAA"),
  "alpine without files": alpine(apk().subarray(0, 300)),
  "alpine empty hash": alpine(apk({ lines: ["size = 8"] }), { hash: {} }),
  "alpine no package": withSpec("alpine", { package: {}, publicKey: { content: base64(alpineKey) } }),
  "alpine: empty spec": withSpec("alpine", {}),
  "rfc3161: empty spec": withSpec("rfc3161", {}),
  "rfc3161: empty response": withSpec("rfc3161", { tsr: {} }),
};

const rows = [];
for (const [name, proposed] of Object.entries(cases)) {
  const response = await fetch(`${server}/api/v1/log/entries`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(proposed),
  });
  const json = await response.json();
  const { status } = response;
  const [[id, entry] = []] = status === 201 ? Object.entries(json) : [];
  const logged = { body: Buffer.from(entry?.body ?? "", "base64").toString(), uuid: id?.slice(16) };
  const result = status === 201 ? logged : status === 409 ? { uuid: json.message.slice(-64) } : json;
  rows.push({ name, proposed, status, result });
}
console.log(JSON.stringify(rows, null, 1));
