// SPDX-License-Identifier: Apache-2.0
// docs/reference/connectors.md: every type of connector with the members of its `config`, from the tables by which they
// are read.

import { CONNECTOR_TYPES } from "../../shared/oauth/connectors/connectors.ts";
import { COMMON_MEMBERS, REFUSED_MEMBERS } from "../../shared/oauth/connectors/types/connector-type.ts";

const HEAD = `# Connectors

What \`config\` of a connector may say, by \`type\`, in [dex](https://dexidp.io/docs/connectors/)'s words where it has them. \`npm run reference\` writes this
page. [Signing in](../sign-in.md) says how to set one up.

A member that is not in these tables is refused with the reason. An empty list is refused too: it would admit nobody, or everybody.`;

/** Renders the page. */
export function renderConnectors(): string {
  const types = Object.entries(CONNECTOR_TYPES).map(([name, { what, members }]) => {
    const own = Object.entries(members).filter(([member]) => !Object.hasOwn(COMMON_MEMBERS, member));
    return `## \`${name}\`\n\n${what}.\n\n${table(own)}`;
  });
  const common = `## Every type\n\n${table(Object.entries(COMMON_MEMBERS))}`;
  const refused = `## Refused in every type\n\n${table(Object.entries(REFUSED_MEMBERS))}`;
  return `${[HEAD, common, ...types, refused].join("\n\n")}\n`;
}

const table = (rows: readonly (readonly [string, string])[]): string =>
  ["| member | meaning |", "|---|---|", ...rows.map(([name, text]) => `| \`${name}\` | ${text} |`)].join("\n");
