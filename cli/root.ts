// SPDX-License-Identifier: Apache-2.0
// Locates the two folders that every command needs: the one that holds what ships, and the one that state goes to.

import { createRequire } from "node:module";
import { dirname, join } from "node:path";

/** The package's folder: the Workers' sources, migrations and wrangler.toml. Read-only unless it is a clone. */
export const ROOT = join(import.meta.dirname, "..");

/**
 * True in the published package, whose command line is JavaScript in dist/ (tools/build-package.ts); false in a clone,
 * which runs its TypeScript as it is.
 */
export const IS_INSTALLED = import.meta.filename.endsWith(".js");

/**
 * The folder below which deployments keep their state. In a clone it is the clone, wherever the command runs. For an
 * installed package it is the current folder: the package's own folder, in node_modules, is replaced by each upgrade.
 */
export const workingFolder = (): string => (IS_INSTALLED ? process.cwd() : ROOT);

/** The folder of the deployment that needs no flag. */
export const defaultFolder = (): string => join(workingFolder(), DEFAULT_FOLDER);

/** The name of that folder; another deployment's has `-NAME` after it. */
export const DEFAULT_FOLDER = ".sigedge-deploy";

/** The wrangler that this package depends on: a script for Node, wherever npm put it. */
export const wranglerScript = (): string =>
  join(dirname(createRequire(join(ROOT, "package.json")).resolve("wrangler/package.json")), "bin", "wrangler.js");
