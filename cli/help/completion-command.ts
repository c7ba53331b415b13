// SPDX-License-Identifier: Apache-2.0
// `sigedge completion SHELL`: prints a script that completes commands and flags in a shell.

import { err, ok } from "../../shared/result.ts";
import { type Command, defineCommand } from "../command.ts";
import { say } from "../terminal.ts";
import type { CommandPage } from "./command-page.ts";
import { completionScript, isShell, SHELLS } from "./completion.ts";

/** Makes the command. @param loadCommands every command, this one included */
export const completionCommand = (loadCommands: () => Promise<readonly CommandPage[]>): Command =>
  defineCommand({
    name: "completion",
    summary: "print a completion script for bash, zsh or fish",
    usage: ["completion SHELL"],
    description: ["Prints a script that completes commands, flags and their values in a shell."],
    arguments: [
      {
        name: "SHELL",
        description: "The shell:",
        choices: {
          bash: "Load the script with: source <(npx sigedge completion bash)",
          zsh: "Save the script as _sigedge in a folder of $fpath.",
          fish: "Load the script with: npx sigedge completion fish | source",
        },
      },
    ],
    flags: {},
    examples: [
      { title: "Complete in this bash", command: "source <(npx sigedge completion bash)" },
      {
        title: "Complete in every fish",
        command: "npx sigedge completion fish > ~/.config/fish/completions/sigedge.fish",
      },
    ],
    exitCodes: { 0: "The script is printed.", 2: "The arguments are wrong." },
    read: ({ positionals: [shell, ...more] }) =>
      shell !== undefined && isShell(shell) && more.length === 0
        ? ok(shell)
        : err(`name one shell: ${SHELLS.join(", ")}`),
    run: async (shell) => {
      say(completionScript(shell, await loadCommands()));
      return ok(0);
    },
  });
