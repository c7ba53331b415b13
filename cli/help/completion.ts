// SPDX-License-Identifier: Apache-2.0
// Completion scripts for shells, generated from the pages of the commands.
// Spec: bash(1) "Programmable Completion"; zshcompsys(1) "_arguments"; fish complete(1)

import { unreachable } from "../../shared/unreachable.ts";
import type { CommandPage, Flag } from "./command-page.ts";
import { flagPages } from "./page.ts";

export const SHELLS = ["bash", "zsh", "fish"] as const;
export type Shell = (typeof SHELLS)[number];

/** Whether there is a completion script for a shell of this name. */
export const isShell = (text: string): text is Shell => SHELLS.some((shell) => shell === text);

/** The script that completes `sigedge` in a shell. */
export function completionScript(shell: Shell, pages: readonly CommandPage[]): string {
  switch (shell) {
    case "bash":
      return bashScript(pages);
    case "zsh":
      return zshScript(pages);
    case "fish":
      return fishScript(pages);
    default:
      return unreachable(shell);
  }
}

/** Words that a command accepts in place of a positional argument. */
const choicesOf = ({ arguments: args }: CommandPage): readonly string[] =>
  args.flatMap(({ choices = {} }) => Object.keys(choices));

/** Words after `sigedge` that are not commands with a page. */
const OTHER_WORDS = ["help", "--help", "--version"];

const isFolder = (flag: Flag): boolean => flag.value === "DIR";

// ---- bash ----

function bashScript(pages: readonly CommandPage[]): string {
  const names = pages.map(({ name }) => name);
  return [
    "_sigedge() {",
    '  local current="${COMP_WORDS[COMP_CWORD]}" previous="${COMP_WORDS[COMP_CWORD-1]}" command="${COMP_WORDS[1]}"',
    "  COMPREPLY=()",
    "  if (( COMP_CWORD == 1 )); then",
    `    COMPREPLY=($(compgen -W "${[...names, ...OTHER_WORDS].join(" ")}" -- "$current"))`,
    "    return",
    "  fi",
    '  case "$command $previous" in',
    ...pages.flatMap(bashValues),
    "  esac",
    '  case "$command" in',
    `    help) COMPREPLY=($(compgen -W "${names.join(" ")}" -- "$current")) ;;`,
    ...pages.map((page) => {
      const words = [...choicesOf(page), ...flagPages(page).map(([name]) => `--${name}`)];
      return `    ${page.name}) COMPREPLY=($(compgen -W "${words.join(" ")}" -- "$current")) ;;`;
    }),
    "  esac",
    "}",
    // Without a word of ours, bash completes file names.
    "complete -o default -F _sigedge sigedge",
  ].join("\n");
}

const bashValues = (page: CommandPage): readonly string[] =>
  flagPages(page).flatMap(([name, flag]) =>
    flag.value === undefined ? [] : [`    "${page.name} --${name}") ${bashValue(flag)}return ;;`],
  );

function bashValue(flag: Flag): string {
  if (flag.value === undefined) return "";
  if (flag.choices !== undefined) return `COMPREPLY=($(compgen -W "${flag.choices.join(" ")}" -- "$current")); `;
  return isFolder(flag) ? 'COMPREPLY=($(compgen -d -- "$current")); ' : "";
}

// ---- zsh ----

function zshScript(pages: readonly CommandPage[]): string {
  return [
    "#compdef sigedge",
    "_sigedge() {",
    "  local -a commands",
    "  commands=(",
    ...pages.map(({ name, summary }) => `    '${name}:${zshText(summary)}'`),
    "    'help:describe a command'",
    "  )",
    "  if (( CURRENT == 2 )); then",
    "    _describe command commands",
    "    return",
    "  fi",
    "  local command=$words[2]",
    "  shift words",
    "  (( CURRENT-- ))",
    "  case $command in",
    "    help) _describe command commands ;;",
    ...pages.map((page) => {
      const specs = [...flagPages(page).map(([name, flag]) => zshFlag(name, flag)), zshArgument(page)];
      return `    ${page.name}) _arguments ${specs.join(" ")} ;;`;
    }),
    "  esac",
    "}",
    '_sigedge "$@"',
  ].join("\n");
}

function zshFlag(name: string, flag: Flag): string {
  const help = `[${zshText(firstSentence(flag.description))}]`;
  if (flag.value === undefined) return `'--${name}${help}'`;
  const action = flag.choices === undefined ? (isFolder(flag) ? "_files -/" : "_files") : `(${flag.choices.join(" ")})`;
  return `'${flag.multiple === true ? "*" : ""}--${name}${help}:${flag.value}:${action}'`;
}

function zshArgument(page: CommandPage): string {
  const choices = choicesOf(page);
  return choices.length === 0 ? "'*:argument:_files'" : `'*:argument:(${choices.join(" ")})'`;
}

/** Text inside single quotes and inside a spec of _arguments, where brackets and colons have a meaning. */
const zshText = (text: string): string => text.replace(/[[\]:\\]/g, "\\$&").replaceAll("'", "'\\''");

// ---- fish ----

function fishScript(pages: readonly CommandPage[]): string {
  const names = pages.map(({ name }) => name).join(" ");
  return [
    "complete -c sigedge -f",
    ...pages.map(
      ({ name, summary }) => `complete -c sigedge -n __fish_use_subcommand -a ${name} -d ${fishText(summary)}`,
    ),
    "complete -c sigedge -n __fish_use_subcommand -a help -d 'describe a command'",
    `complete -c sigedge -n '__fish_seen_subcommand_from help' -a ${fishText(names)}`,
    ...pages.flatMap((page) => {
      const line = `complete -c sigedge -n '__fish_seen_subcommand_from ${page.name}'`;
      const choices = choicesOf(page);
      const positional = choices.length === 0 ? ` -F` : ` -a ${fishText(choices.join(" "))}`;
      return [
        `${line}${positional}`,
        ...flagPages(page).map(
          ([name, flag]) => `${line} -l ${name}${fishValue(flag)} -d ${fishText(firstSentence(flag.description))}`,
        ),
      ];
    }),
  ].join("\n");
}

function fishValue(flag: Flag): string {
  if (flag.value === undefined) return "";
  if (flag.choices !== undefined) return ` -x -a ${fishText(flag.choices.join(" "))}`;
  return isFolder(flag) ? " -x -a '(__fish_complete_directories)'" : " -r";
}

const fishText = (text: string): string => `'${text.replace(/['\\]/g, "\\$&")}'`;

/** Descriptions beside a menu entry have one line. */
const firstSentence = (text: string): string => text.split(". ")[0]?.replace(/[.:]$/, "") ?? text;
