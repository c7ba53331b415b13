// SPDX-License-Identifier: Apache-2.0
// Identity tokens that a CI system gives to a job that asks for them.
// Spec: GitHub "OpenID Connect reference"; GitLab `id_tokens`; `buildkite-agent oidc request-token`;
// `circleci run oidc get`

import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { member } from "../../shared/json/member.ts";
import { err, ok, type Result } from "../../shared/result.ts";

/** The audience of tokens for signing, which every CA of this kind expects. */
const AUDIENCE = "sigstore";

type Environment = Readonly<Record<string, string | undefined>>;

/** A token, and the name of the system that gave it. */
export interface AmbientToken {
  readonly token: string;
  readonly from: string;
}

/** Asks the CI system that runs this process. Null outside of one. The error is a line for the person. */
export async function findAmbientToken(environment: Environment): Promise<Result<AmbientToken, string> | null> {
  for (const { name, isHere, request } of SYSTEMS) {
    if (!isHere(environment)) continue;
    const token = await request(environment);
    return token.ok ? ok({ token: token.value, from: name }) : err(`${name} gave no identity token: ${token.error}`);
  }
  return null;
}

interface System {
  readonly name: string;
  readonly isHere: (environment: Environment) => boolean;
  readonly request: (environment: Environment) => Promise<Result<string, string>>;
}

const SYSTEMS: readonly System[] = [
  // GitLab, and every client that was given a token: the job names the variable and the audience.
  {
    name: "SIGSTORE_ID_TOKEN",
    isHere: (environment) => (environment["SIGSTORE_ID_TOKEN"] ?? "") !== "",
    request: (environment) => Promise.resolve(ok(environment["SIGSTORE_ID_TOKEN"] ?? "")),
  },
  {
    name: "GitHub Actions",
    isHere: (environment) => environment["GITHUB_ACTIONS"] === "true",
    request: requestFromGithub,
  },
  {
    name: "GitLab CI",
    isHere: (environment) => environment["GITLAB_CI"] === "true",
    request: () => Promise.resolve(err(`declare id_tokens: SIGSTORE_ID_TOKEN with aud: ${AUDIENCE} in the job`)),
  },
  {
    name: "Buildkite",
    isHere: (environment) => environment["BUILDKITE"] === "true",
    request: () => runForToken("buildkite-agent", ["oidc", "request-token", "--audience", AUDIENCE]),
  },
  {
    name: "CircleCI",
    isHere: (environment) => environment["CIRCLECI"] === "true",
    request: () => runForToken("circleci", ["run", "oidc", "get", "--claims", JSON.stringify({ aud: AUDIENCE })]),
  },
];

const DEADLINE_MS = 20_000;
/** Longer than any token. */
const MAX_TOKEN_CHARS = 64 * 1024;

async function requestFromGithub(environment: Environment): Promise<Result<string, string>> {
  const [url, secret] = [environment["ACTIONS_ID_TOKEN_REQUEST_URL"], environment["ACTIONS_ID_TOKEN_REQUEST_TOKEN"]];
  if (url === undefined || secret === undefined || !URL.canParse(url)) {
    return err("give the job permissions: id-token: write");
  }
  const address = new URL(url);
  address.searchParams.set("audience", AUDIENCE);
  try {
    const headers = { authorization: `bearer ${secret}`, accept: "application/json" };
    const response = await fetch(address, { headers, redirect: "manual", signal: AbortSignal.timeout(DEADLINE_MS) });
    const token = response.ok ? member(await response.json(), "value") : undefined;
    return typeof token === "string" ? ok(token) : err(`it answered ${response.status}`);
  } catch (error) {
    return err(error instanceof Error ? error.message : String(error));
  }
}

async function runForToken(program: string, args: readonly string[]): Promise<Result<string, string>> {
  try {
    const { stdout } = await promisify(execFile)(program, [...args], {
      timeout: DEADLINE_MS,
      maxBuffer: MAX_TOKEN_CHARS,
    });
    return stdout.trim() === "" ? err(`${program} printed nothing`) : ok(stdout.trim());
  } catch (error) {
    return err(error instanceof Error ? error.message : String(error));
  }
}
