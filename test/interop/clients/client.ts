// SPDX-License-Identifier: Apache-2.0
// A client as the suite sees it: programs written by others, and the shell commands that run them. docs/clients.md
// prints the commands exactly as the suite runs them. workbench.ts defines the variables that they use.

/** How a client learns the instance's keys and addresses: from files (trusted root, signing config), or over TUF. */
export type Transport = "files" | "tuf";

/** The columns of the compatibility matrix in README.md. */
export type Capability = "sign" | "verify" | "attest" | "verify attestation";

export interface Operation {
  readonly name: string;
  /** A script for `bash -euo pipefail`, run in the client's own folder. */
  readonly run: string;
  /** If present, the operation must fail, and its output must match: failing for another reason proves nothing. */
  readonly refusedWith?: RegExp;
  /** Why the client cannot do this, with the line of its source. Completes "NAME fails: …". */
  readonly because?: string;
  /** The column of the compatibility matrix that this operation decides. */
  readonly shows?: Capability;
}

/** The inputs of a verification: file names in the folder, and the expected signer as a shell word. */
export interface Verification {
  readonly bundle: string;
  readonly artifact: string;
  readonly identity: string;
  readonly trustedRoot: string;
}

/** The commands of the sigstore-conformance protocol; null where the client does not support one. */
export interface Conformance {
  /** The transports over which it signs, if fewer than those over which it verifies. */
  readonly signOver?: readonly Transport[];
  /** Signs README.md. */
  readonly sign: ((transport: Transport, bundle: string) => string) | null;
  /** Signs statement.json as an in-toto statement about README.md. */
  readonly attest: ((transport: Transport, bundle: string) => string) | null;
  /** The clients that cannot read its attestations, by name. `about` says why. */
  readonly attestNotFor?: readonly string[];
  readonly verify: ((transport: Transport, verification: Verification) => string) | null;
  readonly verifyAttestation: ((transport: Transport, verification: Verification) => string) | null;
}

/** The message with which a verifier rejects each forgery. */
export interface Refusals {
  readonly identity: RegExp;
  readonly artifact: RegExp;
  /** A hash of the inclusion proof was changed. */
  readonly proof: RegExp;
  /**
   * The copy of the log entry was changed; null if the client ignores the copy and rebuilds the entry from what it
   * verifies.
   */
  readonly body: RegExp | null;
  /** The trusted root belongs to another instance. */
  readonly trust: RegExp;
}

export interface Client {
  readonly name: string;
  /** The tool's folder in test/interop/tools. */
  readonly tool: string;
  /** The package whose version is shown, where the tool has several. */
  readonly package?: string;
  /** Other tools whose programs the commands run. */
  readonly beside?: readonly string[];
  /** The things that it signs, where those are not just files. */
  readonly signs?: string;
  /** One paragraph for docs/clients.md. */
  readonly about: string;
  readonly transports: readonly Transport[];
  /** Environment variables beyond those of every client; `folder` is the tool's folder. */
  readonly env?: (folder: string) => Readonly<Record<string, string>>;
  /** Makes the client trust the instance; runs once per home directory. */
  readonly setUp?: (transport: Transport) => readonly Operation[];
  readonly operations: (transport: Transport) => readonly Operation[];
  readonly conformance?: Conformance;
}

export const PLAIN: Verification = {
  bundle: "bundle.json",
  artifact: "README.md",
  identity: '"$I"',
  trustedRoot: "trusted_root.json",
};

type Forgery = readonly [name: string, changes: Partial<Verification>, refusedWith: RegExp | null];

/** The forgeries that a verifier must reject, each for its own reason. */
export function refusals(
  transport: Transport,
  verify: (verification: Verification) => string,
  says: Refusals,
): readonly Operation[] {
  const forgeries: Forgery[] = [
    ["another identity", { identity: '"$OTHER"' }, says.identity],
    ["another artifact", { artifact: "other.txt" }, says.artifact],
    ["a changed inclusion proof", { bundle: "changed-proof.json" }, says.proof],
    ["a changed log entry", { bundle: "changed-body.json" }, says.body],
  ];
  if (transport === "files") {
    forgeries.push(["the trusted root of another instance", { trustedRoot: "other_root.json" }, says.trust]);
  }
  return forgeries.flatMap(([name, changes, refusedWith]) =>
    refusedWith === null ? [] : [{ name: `reject ${name}`, run: verify({ ...PLAIN, ...changes }), refusedWith }],
  );
}
