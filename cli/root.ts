// SPDX-License-Identifier: Apache-2.0
// Where the package lies.

import { join } from "node:path";

/** The package's folder: sources, migrations and wrangler.toml. */
export const ROOT = join(import.meta.dirname, "..");
