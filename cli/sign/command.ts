// SPDX-License-Identifier: Apache-2.0
// `sigedge sign`: signs files, or attests something about them, with no other client.

import { createHash } from "node:crypto";
import { createReadStream, writeFileSync } from "node:fs";
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
import { signInWithBrowser, signInWithDevice } from "./sign-in.ts";

export const SIGN = defineCommand({
  name: "sign",
  summary: "sign files, and write a bundle for each",
  usage: ["sign FILE... --url URL [options]"],
  description: [
    "Signs each file with a key that exists for this run only and writes FILE.sigstore.json, a Sigstore bundle that every Sigstore client verifies. You sign as whom an OpenID token names: the one in a file, the one of the CI system (GitHub Actions, GitLab, Buildkite, CircleCI), or the one that you get when you sign in in a browser or on another device.",
    "Your identity and the digest of each file become public forever, in the logs of the deployment. The files stay here.",
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

async function runSign(options: Options, output: Output): Promise<Result<number, string>> {
  const { files, url } = options;
  output.stream.write(
    `Your identity, as the token names it, and the digest of ${files.length === 1 ? "the file" : `${files.length} files`} become public forever in the logs of ${url}; the contents stay here.\n`,
  );
  const services = await readServices(url);
  if (!services.ok) return services;
  const token = await findToken(options, services.value, output);
  if (!token.ok) return token;
  const key = createEphemeralKey();
  const issued = await certify(services.value, key, token.value);
  if (!issued.ok) return issued;
  const written: Written[] = [];
  for (const file of files) {
    const one = await signFile(file, options, { services: services.value, key, issued: issued.value });
    if (!one.ok) return err(`${file}: ${one.error}`);
    written.push(one.value);
    output.say(`${one.value.bundle}: entry ${one.value.logIndex}, ${one.value.digest}`);
  }
  const { names: identities, issuer } = issued.value;
  const names = toLine(identities.join(", "));
  output.result(
    { identities, issuer, files: written },
    `Signed as ${names}; verify with: npx sigedge verify FILE --identity ${names} --issuer ${issuer ?? ""} --url ${url}`,
  );
  return ok(0);
}

async function findToken(options: Options, { provider }: Services, output: Output): Promise<Result<string, string>> {
  if (options.token !== null) return ok(options.token);
  const ambient = options.usesDevice ? null : await findAmbientToken(process.env);
  if (ambient !== null) return ambient.ok ? ok(ambient.value.token) : ambient;
  if (provider === null) {
    return err("nobody can sign in with a browser at this deployment; give a token with --identity-token FILE");
  }
  const tell = (line: string): void => void output.stream.write(`${line}\n`);
  return options.usesDevice ? signInWithDevice(provider, tell) : signInWithBrowser(provider, tell);
}

async function certify(services: Services, key: EphemeralKey, token: string): Promise<Result<Issued, string>> {
  const challenge = challengeOf(token);
  if (challenge === null) return err("the identity token names neither an address nor a subject");
  const proof = await key.sign([Buffer.from(challenge)]);
  const leaf = await requestCertificate(services, { token, spki: key.spki, proof });
  if (!leaf.ok) return leaf;
  const issued = await checkIssued(leaf.value, { root: services.root, spki: key.spki, identity: null });
  return issued.ok ? issued : err(`the CA ${issued.error}`);
}

interface Means {
  readonly services: Services;
  readonly key: EphemeralKey;
  readonly issued: Issued;
}

async function signFile(file: string, { predicate }: Options, means: Means): Promise<Result<Written, string>> {
  const { services, key, issued } = means;
  const artifact = createHash("sha256");
  const ofFile = await key.sign(hashChunks(createReadStream(file), artifact));
  const sha256 = artifact.digest();
  const subject = { name: basename(file), sha256: encodeHex(sha256) };
  const statement = predicate === null ? null : encodeStatement(subject, predicate.type, predicate.value);
  const envelope = statement === null ? null : preAuthEncoding(IN_TOTO_PAYLOAD_TYPE, statement);
  const signed: Signed = {
    leaf: issued.leaf,
    digest: envelope === null ? sha256 : createHash("sha256").update(envelope).digest(),
    signature: envelope === null ? ofFile : await key.sign([envelope]),
  };
  const [timestamp, entry] = await Promise.all([
    requestTimestamp(services, signed.signature),
    requestEntry(services, signed),
  ]);
  if (!timestamp.ok) return timestamp;
  if (!entry.ok) return entry;
  const json = toBundleJson(signed, { entry: entry.value, timestamp: timestamp.value }, statement);
  const text = `${JSON.stringify(json)}\n`;
  const index = await checkMade(text, { root: services.root, issued, sha256 });
  if (!index.ok) return index;
  writeFileSync(bundleName(file), text);
  return ok({ file, bundle: bundleName(file), digest: `sha256:${subject.sha256}`, logIndex: index.value });
}

/** Passes the chunks on, so that digest and signature are of the same bytes. */
async function* hashChunks(chunks: AsyncIterable<Buffer>, hash: ReturnType<typeof createHash>): AsyncIterable<Buffer> {
  for await (const chunk of chunks) {
    hash.update(chunk);
    yield chunk;
  }
}
