// SPDX-License-Identifier: Apache-2.0
// `sigedge sign`: signs files, or attests something about them, with no other client.

import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { writeFile } from "node:fs/promises";
import { basename } from "node:path";
import { checkIssued, checkMade, type Issued } from "../../shared/bundle/made.ts";
import { bundleName } from "../../shared/bundle/offer.ts";
import { challengeOf, encodeStatement, type Signed, toBundleJson } from "../../shared/bundle/signing.ts";
import { encodeHex } from "../../shared/bytes/hex.ts";
import { IN_TOTO_PAYLOAD_TYPE, preAuthEncoding } from "../../shared/rekor/dsse.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import { defineCommand, type Output } from "../command.ts";
import { toLine } from "../status/plain-text.ts";
import { findAmbientToken } from "./ambient.ts";
import { createEphemeralKey, type EphemeralKey } from "./key.ts";
import { FLAGS, type Options, readOptions } from "./options.ts";
import { requestCertificate, requestEntry, requestTimestamp } from "./requests.ts";
import { readServices, type Services } from "./services.ts";
import { signInWithBrowser, signInWithDevice, type Tell } from "./sign-in.ts";

export const SIGN = defineCommand({
  name: "sign",
  summary: "sign files, and write a bundle for each",
  usage: ["sign FILE... --url URL [options]"],
  description: [
    "Signs each file with a key that exists for this run only and writes FILE.sigstore.json, a Sigstore bundle that every Sigstore client verifies. The identity that signs is the one in an OpenID token: from a file, from the CI system (GitHub Actions, GitLab, Buildkite, CircleCI), or from a sign-in in a browser or on another device.",
    "That identity and the digest of each file become public forever, in the logs of the deployment. The files stay on this machine.",
  ],
  arguments: [{ name: "FILE", description: "A file to sign. Several files share one sign-in and one certificate." }],
  flags: FLAGS,
  json: "Print one JSON object on standard output.",
  examples: [
    { title: "Sign a release", command: "npx sigedge sign app.tar.gz app.zip --url https://sign.example.com" },
    {
      title: "Attest how a file was built",
      command:
        "npx sigedge sign app.tar.gz --predicate provenance.json --type https://slsa.dev/provenance/v1 --url https://sign.example.com",
    },
    {
      title: "Sign on a machine without a browser",
      command: "npx sigedge sign app.tar.gz --device --url https://sign.example.com",
    },
  ],
  exitCodes: {
    0: "Every file is signed.",
    1: "A file could not be signed; the message says why.",
    2: "The arguments are wrong.",
  },
  read: readOptions,
  run: runSign,
});

/** One signed file. */
interface Written {
  readonly file: string;
  readonly bundle: string;
  readonly digest: string;
  readonly logIndex: number;
}

/** A signed file, and its bundle, JSON. */
interface Made extends Written {
  readonly text: string;
}

async function runSign(options: Options, output: Output): Promise<Result<number, string>> {
  const { files, url } = options;
  output.stream.write(
    `Your identity and the digest of ${files.length === 1 ? "the file" : `each of ${files.length} files`} become public forever in the logs of ${url}. The contents stay on this machine.\n`,
  );
  const tell: Tell = (line) => void output.stream.write(`${line}\n`);
  const services = await readServices(url);
  if (!services.ok) return services;
  const token = await findToken(options, services.value, tell);
  if (!token.ok) return token;
  const key = createEphemeralKey();
  const issued = await certify({ services: services.value, key, tell }, token.value);
  if (!issued.ok) return issued;
  const written: Written[] = [];
  for (const file of files) {
    const one = await signFile(file, options, { services: services.value, key, issued: issued.value, tell });
    if (!one.ok) return err(describeFailure(file, one.error, { signed: written.length, all: files.length }));
    const { text, ...signed } = one.value;
    const stored = await store(signed.bundle, text, tell);
    if (!stored.ok) return stored;
    written.push(signed);
    output.say(`${signed.bundle}: entry ${signed.logIndex}, ${signed.digest}`);
  }
  const { names: identities, issuer } = issued.value;
  const names = toLine(identities.join(", "));
  output.result(
    { identities, issuer, files: written },
    `Signed as ${names}. Verify with: npx sigedge verify FILE --identity ${names} --issuer ${issuer ?? ""} --url ${url}`,
  );
  return ok(0);
}

async function findToken(options: Options, { provider }: Services, tell: Tell): Promise<Result<string, string>> {
  if (options.token !== null) return ok(options.token);
  const ambient = options.usesDevice ? null : await findAmbientToken(process.env);
  if (ambient !== null) return ambient.ok ? ok(ambient.value.token) : ambient;
  if (provider === null) {
    return err("this deployment has no identity provider for people; give a token with --identity-token FILE");
  }
  return options.usesDevice ? signInWithDevice(provider, tell) : signInWithBrowser(provider, tell);
}

async function certify({ services, key, tell }: Omit<Means, "issued">, token: string): Promise<Result<Issued, string>> {
  const challenge = challengeOf(token);
  if (challenge === null) return err("the identity token names neither an address nor a subject");
  const proof = await key.sign([Buffer.from(challenge)]);
  const leaf = await requestCertificate(services, { token, spki: key.spki, proof }, tell);
  if (!leaf.ok) return leaf;
  const issued = await checkIssued(leaf.value, { root: services.root, spki: key.spki, identity: null });
  return issued.ok ? issued : err(`the CA ${issued.error}`);
}

interface Means {
  readonly services: Services;
  readonly key: EphemeralKey;
  readonly issued: Issued;
  readonly tell: Tell;
}

/** The certificate is in its log, whatever became of the file. */
function describeFailure(
  file: string,
  reason: string,
  { signed, all }: { readonly signed: number; readonly all: number },
): string {
  const others = all === 1 ? "" : ` ${signed} of ${all} files are signed.`;
  return `${file} is not signed: ${reason}.${others} The certificate in your name is public already; run the command again${all === 1 ? "" : " for the rest"}`;
}

async function signFile(file: string, { predicate }: Options, means: Means): Promise<Result<Made, string>> {
  const { services, key, issued, tell } = means;
  const artifact = createHash("sha256");
  const ofFile = await attempt(() => key.sign(hashChunks(createReadStream(file), artifact)));
  if (!ofFile.ok) return err(`it could not be read: ${ofFile.error}`);
  const sha256 = artifact.digest();
  const subject = { name: basename(file), sha256: encodeHex(sha256) };
  const statement = predicate === null ? null : encodeStatement(subject, predicate.type, predicate.value);
  const envelope = statement === null ? null : preAuthEncoding(IN_TOTO_PAYLOAD_TYPE, statement);
  const signed: Signed = {
    leaf: issued.leaf,
    digest: envelope === null ? sha256 : createHash("sha256").update(envelope).digest(),
    signature: envelope === null ? ofFile.value : await key.sign([envelope]),
  };
  // An entry is public forever, so everything else that a bundle needs comes first.
  const timestamp = await requestTimestamp(services, signed.signature, tell);
  if (!timestamp.ok) return timestamp;
  const entry = await requestEntry(services, signed, tell);
  if (!entry.ok) return entry;
  const json = toBundleJson(signed, { entry: entry.value, timestamp: timestamp.value }, statement);
  const text = `${JSON.stringify(json)}\n`;
  const index = await checkMade(text, { root: services.root, issued, sha256 });
  if (!index.ok) return index;
  return ok({ file, bundle: bundleName(file), digest: `sha256:${subject.sha256}`, logIndex: index.value, text });
}

/** Writes a bundle. Its entry is public, so a bundle that cannot be written is shown. */
async function store(path: string, text: string, tell: Tell): Promise<Result<null, string>> {
  const written = await attempt(() => writeFile(path, text));
  if (written.ok) return ok(null);
  tell(text.trimEnd());
  return err(`could not write ${path}: ${written.error}. The file is signed: save the line above as its bundle`);
}

/** The file system throws. */
async function attempt<T>(act: () => Promise<T>): Promise<Result<T, string>> {
  try {
    return ok(await act());
  } catch (error) {
    return err(error instanceof Error ? error.message : String(error));
  }
}

/** Passes the chunks on, so that digest and signature are of the same bytes. */
async function* hashChunks(chunks: AsyncIterable<Buffer>, hash: ReturnType<typeof createHash>): AsyncIterable<Buffer> {
  for await (const chunk of chunks) {
    hash.update(chunk);
    yield chunk;
  }
}
