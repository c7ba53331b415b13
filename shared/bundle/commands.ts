// SPDX-License-Identifier: Apache-2.0
// The commands that verify a bundle, for people to paste: with whom to expect filled in.

/** An argument as a POSIX shell reads it back. Files and log entries have any name, so nothing else passes unquoted. */
export function shellQuote(text: string): string {
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** A file name as an argument: one that begins like an option is a path. */
export const shellFile = (name: string): string => shellQuote(name.startsWith("-") ? `./${name}` : name);

/** The bundle that a command verifies. */
export interface Verification {
  /** Quoted for a shell, or a word that the reader replaces. */
  readonly file: string;
  readonly bundle: string;
  /** Whether the bundle has a statement about the file, and not a signature over it. */
  readonly isStatement: boolean;
  /** Null where it is not known. */
  readonly predicateType: string | null;
  /** The options that say whom to expect. */
  readonly who: readonly string[];
}

/** The options by which cosign expects a certificate. */
export const identityFlags = (identity: string, issuer: string): readonly string[] => [
  `--certificate-identity ${shellQuote(identity)}`,
  `--certificate-oidc-issuer ${shellQuote(issuer)}`,
];

/** The command of cosign, after the one that downloads the trusted root. @param href PublicUrl.href */
export function makeCosignCommand(verification: Verification, href: string): string {
  const { file, bundle, isStatement, predicateType, who } = verification;
  const verb = isStatement ? "verify-blob-attestation" : "verify-blob";
  const type = predicateType === null ? [] : [`--type ${shellQuote(predicateType)}`];
  const parts = [`cosign ${verb} --trusted-root trusted_root.json`, `--bundle ${bundle}`, ...type, ...who, file];
  return `curl -O ${href}/trusted_root.json\n${parts.join(" \\\n  ")}`;
}

/** The command of sigedge, which finds FILE.sigstore.json by itself. @param href PublicUrl.href */
export const makeVerifyCommand = (
  { file, identity, issuer }: { readonly file: string; readonly identity: string; readonly issuer: string },
  href: string,
): string =>
  [
    `npx sigedge verify ${file}`,
    `--identity ${shellQuote(identity)}`,
    `--issuer ${shellQuote(issuer)}`,
    `--url ${href}`,
  ].join(" \\\n  ");
