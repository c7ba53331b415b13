// SPDX-License-Identifier: Apache-2.0
// What a client is to the suite: programs that somebody else wrote, and shell commands that are run as they stand here and are
// shown as they stand here in docs/clients.md. Variables of the commands: see workbench.ts.

/** How a client gets to know an instance: trusted root and signing config as files, or the TUF repository. */
export type Transport = "files" | "tuf";

export interface Operation {
  readonly name: string;
  /** For bash -euo pipefail, in the client's own folder. */
  readonly run: string;
  /** What its output must hold if it must be refused, and so not exit with 0: the refusal has to be the right one. */
  readonly refusedWith?: RegExp;
  /** Why it cannot work, with the line of the client's source. */
  readonly because?: string;
}

/** What is verified with what: names of files in the folder, and the expected signer as the shell has it. */
export interface Verification {
  readonly bundle: string;
  readonly artifact: string;
  readonly identity: string;
  readonly trustedRoot: string;
}

/** What sigstore-conformance asks of every client; null where the client cannot. */
export interface Conformance {
  /** Where it can sign, if not wherever it can verify. */
  readonly signOver?: readonly Transport[];
  /** Signs README.md. */
  readonly sign: ((transport: Transport, bundle: string) => string) | null;
  /** Signs statement.json as an in-toto statement about README.md. */
  readonly attest: ((transport: Transport, bundle: string) => string) | null;
  readonly verify: ((transport: Transport, verification: Verification) => string) | null;
  readonly verifyAttestation: ((transport: Transport, verification: Verification) => string) | null;
}

/** What a verifier says when it refuses; a refusal for another reason would prove nothing. */
export interface Refusals {
  readonly identity: RegExp;
  readonly artifact: RegExp;
  /** A hash of the inclusion proof was changed. */
  readonly proof: RegExp;
  /** The copy of the log entry was changed; null where the client does not look at it and makes it anew from what it verifies. */
  readonly body: RegExp | null;
  /** The trusted root is that of another instance. */
  readonly trust: RegExp;
}

export interface Client {
  readonly name: string;
  /** Folder below test/interop/tools. */
  readonly tool: string;
  /** Others whose programs its commands name as well. */
  readonly beside?: readonly string[];
  /** One paragraph for the reader of docs/clients.md. */
  readonly about: string;
  readonly transports: readonly Transport[];
  /** Environment beside that of every client; `folder` is the tool's. */
  readonly env?: (folder: string) => Readonly<Record<string, string>>;
  /** What tells the client of the instance, once for a home directory. */
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

/** The operations that a verifier must refuse, each for its own reason. */
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
    refusedWith === null ? [] : [{ name: `refuse ${name}`, run: verify({ ...PLAIN, ...changes }), refusedWith }],
  );
}
