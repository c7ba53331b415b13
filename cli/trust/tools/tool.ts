// SPDX-License-Identifier: Apache-2.0
// A tool of `sigedge trust --for`: how its configuration for a deployment is printed, and what the rows share.

import { ownIssuerOf } from "../../../shared/oidc/own-issuer.ts";
import { isLocal, type Trust } from "../files.ts";

/** A row of the table of tools. File names in its text are those that `--out` writes. */
export interface Tool {
  /** Its purpose, in one line after its name. */
  readonly about: string;
  /** The text to paste: commands or a file, in which IDENTITY, FILE and other words in capitals are to be replaced. */
  readonly configure: (trust: Trust) => string;
  /** The tool speaks Rekor v1 only: without such a log there is nothing to print. */
  readonly needsRekorV1?: true;
}

/** The text for one tool. */
export const configurationOf = ({ configure, needsRekorV1 }: Tool, trust: Trust): string =>
  needsRekorV1 === true && trust.rekorV1Url === null
    ? `# needs a log of Rekor v1, and ${trust.url} has none: its operator opens one with npx sigedge rotate rekor-v1-log\n`
    : configure(trust);

/** The issuer that certificates name; a placeholder where it depends on who signs. */
export const issuerOf = ({ issuer }: Trust): string => issuer ?? "ISSUER";

/**
 * Explains how to get a token into token.txt where nobody can log in: a client without one would look for a login page
 * that does not exist.
 */
export function tokenLines({ url, provider }: Trust): string {
  if (provider !== null) return "";
  return isLocal(url)
    ? `curl -s ${ownIssuerOf(url)}/dev/token --json '{"email":"IDENTITY"}' | sed 's/.*"id_token":"\\([^"]*\\)".*/\\1/' > token.txt\n`
    : `# token.txt: an identity token of an issuer in ${url}/api/v2/configuration, for the audience sigstore\n`;
}
