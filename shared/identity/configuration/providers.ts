// SPDX-License-Identifier: Apache-2.0
// Reads `ci-issuer-metadata`: build systems as tables of templates. Those known by name need not be listed.

import { type BuildExtensionName, type BuildProvider, parseProvider } from "../build.ts";
import { PROVIDERS } from "../providers.ts";
import { BUILD_EXTENSIONS } from "./extension-names.ts";
import type { Section } from "./section.ts";

const MEMBERS = ["default-template-values", "extension-templates", "subject-alternative-name-template"];

/** Returns the known providers, replaced by those of the configuration; `section` is null if it has none. */
export function readProviders(section: Section | null): ReadonlyMap<string, BuildProvider> {
  const providers = new Map(PROVIDERS);
  for (const [name, row] of section?.entries() ?? []) {
    const provider = readProvider(row);
    if (provider !== null) providers.set(name, provider);
  }
  return providers;
}

function readProvider(row: Section): BuildProvider | null {
  const fields = row.fields(MEMBERS);
  const templates = fields.get("extension-templates");
  const known = templates?.fields([...BUILD_EXTENSIONS.keys()]);
  const extensions: Partial<Record<BuildExtensionName, string>> = {};
  for (const [written, name] of BUILD_EXTENSIONS) {
    const template = known?.get(written);
    // As in the reference, an empty template counts as absent.
    if (template !== null && template !== undefined && template.value !== "") extensions[name] = template.text() ?? "";
  }
  if (fields.get("subject-alternative-name-template") === null) {
    fields.report("subject-alternative-name-template", "is missing");
    return null;
  }
  const provider = parseProvider({
    defaults: readDefaults(fields.get("default-template-values")),
    subjectAltName: fields.text("subject-alternative-name-template") ?? "",
    extensions,
  });
  if (provider.ok) return provider.value;
  for (const { at, reason } of provider.error) {
    const written = [...BUILD_EXTENSIONS].find(([, name]) => name === at)?.[0];
    if (written === undefined) fields.report("subject-alternative-name-template", reason);
    else known?.report(written, reason);
  }
  return null;
}

/** Reads strings; in YAML, nothing after the colon is an empty one. */
function readDefaults(section: Section | null): Readonly<Record<string, string>> {
  const rows = section?.entries() ?? [];
  return Object.fromEntries(
    rows.map(([name, row]) => {
      if (row.value !== null && typeof row.value !== "string") row.report("must be a string");
      return [name, typeof row.value === "string" ? row.value : ""];
    }),
  );
}
