// SPDX-License-Identifier: Apache-2.0
// Every cosign and sigstore-python command that a document shows exists in the pinned client, with its flags. Help
// omits deprecated flags, so none of them can be shown. The commands of docs/clients.md are run by clients.test.ts,
// those of the CI systems by identities-guide.test.ts, and those of `sigedge trust` by people.test.ts.

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ROOT } from "../../cli/root.ts";
import { listFiles } from "../../tools/docs/repository.ts";
import { interopFolder, interopTool } from "../../tools/interop-tools.ts";

interface Documented {
  readonly file: string;
  readonly verb: string;
  readonly flags: readonly string[];
}

/** Their commands are run, also those of clients of another version. */
const isRun = (path: string): boolean => path === "docs/clients.md" || path.startsWith("docs/integrations/");
const documents = listFiles("*.md").filter((path) => !path.startsWith("test/vectors/") && !isRun(path));

/** A command, up to the end of its line or to what follows in a shell. Flags may stand before the verb. */
function documented(program: string, verbs: readonly string[]): readonly Documented[] {
  const command = new RegExp(`(?:^|[\`;&|] *|- )${program} ([^\\n\`;&|#]+)`, "gm");
  return documents.flatMap((file) =>
    Array.from(readFileSync(join(ROOT, file), "utf8").replaceAll("\\\n", " ").matchAll(command)).flatMap(
      ([, rest = ""]) => {
        const verb = rest.split(/\s+/).find((word) => verbs.includes(word));
        return verb === undefined ? [] : [{ file, verb, flags: rest.match(/(?<=\s|^)--[a-z][a-z-]*/g) ?? [] }];
      },
    ),
  );
}

function unknown(commands: readonly Documented[], help: (verb: string) => string): readonly string[] {
  const pages = new Map([...new Set(commands.map(({ verb }) => verb))].map((verb) => [verb, help(verb)]));
  return commands.flatMap(({ file, verb, flags }) =>
    flags
      .filter((flag) => !new RegExp(`${flag}\\b(?!-)`).test(pages.get(verb) ?? ""))
      .map((flag) => `${file}: ${verb} ${flag}`),
  );
}

const output = (file: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): string =>
  execFileSync(file, args, { encoding: "utf8", env: { ...process.env, ...env } });

describe("cosign", () => {
  const verbs = [
    "sign-blob",
    "verify-blob",
    "attest-blob",
    "verify-blob-attestation",
    "sign",
    "verify",
    "attest",
  ].concat(["verify-attestation", "initialize", "generate-key-pair"]);
  const commands = documented("cosign", verbs);

  it("has every flag that a document shows", () => {
    expect(commands.length).toBeGreaterThan(8);
    expect(unknown(commands, (verb) => output(interopTool("cosign", "cosign"), [verb, "--help"]))).toEqual([]);
  });

  it("has no help for the flags that it deprecates", () => {
    const help = output(interopTool("cosign", "cosign"), ["sign-blob", "--help"]);
    for (const flag of ["--oidc-issuer", "--fulcio-url", "--rekor-url"]) expect(help).not.toContain(flag);
  });
});

describe("sigstore-python", () => {
  const commands = documented("sigstore", ["sign", "verify", "attest", "trust-instance"]).filter(
    // @sigstore/cli has the same name; docs/clients.md shows it.
    ({ flags }) => !flags.some((flag) => flag.startsWith("--tuf-") || flag === "--fulcio-url"),
  );
  const env = { PYTHONPATH: interopFolder("sigstore-python"), COLUMNS: "400" };
  const program = interopTool("sigstore-python", "sigstore");
  const help = (verb: string): string =>
    [[], verb === "verify" ? [verb, "identity"] : [verb]]
      .map((args) => output(program, [...args, "--help"], env))
      .join();

  it("has every flag that a document shows", () => {
    expect(commands.length).toBeGreaterThan(1);
    expect(unknown(commands, help)).toEqual([]);
  });
});
