// SPDX-License-Identifier: Apache-2.0
// What a type of connector must know of its own `config`. Each type is one file beside this one.

import type { Section } from "../../identity/configuration/section.ts";

/** A type of connector: how its `config` is read, and what follows from it. */
export interface ConnectorType<Config> {
  /** Reads `config` and reports every problem; null if there is nothing to go on with. */
  readonly read: (config: Section) => Config | null;
  /** The connector's id unless its row says otherwise: the issuer that certificates name. */
  readonly idOf: (config: Config) => string;
  /** What people read unless the row says otherwise. */
  readonly nameOf: (config: Config) => string;
}
