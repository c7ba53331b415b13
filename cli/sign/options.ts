// SPDX-License-Identifier: Apache-2.0
// The flags of `sigedge sign`, and the options that they become.

import { existsSync, readFileSync, statSync } from "node:fs";
import { bundleName, MAX_FILES } from "../../shared/bundle/offer.ts";
import { type Predicate, readPredicate } from "../../shared/bundle/predicate.ts";
import { parsePublicUrl } from "../../shared/http/public-url.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import type { Arguments } from "../command.ts";

/** The options of a run. */
export interface Options {
  readonly files: readonly string[];
  /** Without a trailing slash. */
  readonly url: string;
  /** The given token; null to ask the CI system or a person. */
  readonly token: string | null;
  readonly usesDevice: boolean;
  readonly predicate: Predicate | null;
}

export const FLAGS = {
  url: { value: "URL", description: "The deployment to sign with." },
  "identity-token": {
    value: "FILE",
    description:
      "The OpenID token whose identity signs. Default: the token of the CI system, or a sign-in in the browser.",
  },
  device: { description: "Sign in on another device, with a code." },
  predicate: {
    value: "FILE",
    description: "Attest this predicate (JSON) about each file, instead of signing the file itself.",
  },
  type: { value: "URI", description: "The type of the predicate, as https://slsa.dev/provenance/v1." },
  overwrite: { description: "Replace bundles that exist." },
} as const;

/** Reads the options. The error is one line. */
export function readOptions({ values, positionals }: Arguments<typeof FLAGS>): Result<Options, string> {
  if (positionals.length === 0) return err("give the files to sign");
  if (positionals.length > MAX_FILES) return err(`give at most ${MAX_FILES} files at once`);
  if (new Set(positionals).size !== positionals.length) return err("a file is given twice");
  for (const file of positionals) {
    if (!existsSync(file) || !statSync(file).isFile()) return err(`there is no file ${file}`);
    if (existsSync(bundleName(file)) && !values.overwrite) {
      return err(`${bundleName(file)} exists; give --overwrite to replace it`);
    }
  }
  if (values.url === null) return err("give the deployment to sign with: --url https://HOST");
  const url = parsePublicUrl(values.url.replace(/\/$/, ""));
  if (!url.ok) return err(`--url ${values.url} ${url.error.reason}`);
  const token = readToken(values["identity-token"]);
  const predicate = token.ok ? readPredicateFile(values.predicate, values.type) : token;
  if (!token.ok) return token;
  if (!predicate.ok) return predicate;
  const common = { files: positionals, url: url.value.href, usesDevice: values.device };
  return ok({ ...common, token: token.value, predicate: predicate.value });
}

/** A file, so that the token is in no list of processes. */
function readToken(path: string | null): Result<string | null, string> {
  if (path === null) return ok(null);
  if (!existsSync(path)) return err("--identity-token must name a file that holds the token");
  const token = readFileSync(path, "utf8").trim();
  return /^[\w-]+\.[\w-]+\.[\w-]+$/.test(token)
    ? ok(token)
    : err(`${path} does not hold an OpenID token (three parts with dots between them)`);
}

function readPredicateFile(path: string | null, type: string | null): Result<Predicate | null, string> {
  if (path === null && type === null) return ok(null);
  if (path === null || type === null) return err("an attestation needs both --predicate FILE and --type URI");
  if (!existsSync(path)) return err(`there is no file ${path}`);
  const predicate = readPredicate(type, readFileSync(path));
  return predicate.ok ? predicate : err(`the predicate ${path} ${predicate.error}`);
}
