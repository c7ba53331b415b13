// SPDX-License-Identifier: Apache-2.0
// The extensions' names in YAML: `build-signer-uri` is buildSignerUri.

import { FULCIO_EXTENSION_NAMES } from "../../fulcio/extensions.ts";
import type { BuildExtensionName } from "../build.ts";
import type { OmittableExtension } from "../issuers.ts";

type Name = (typeof FULCIO_EXTENSION_NAMES)[number];

const isOmittable = (name: Name): name is OmittableExtension => name !== "issuer" && name !== "issuerV2";
const isBuildExtension = (name: Name): name is BuildExtensionName => isOmittable(name) && name !== "tokenSubject";

const indexByYamlName = <N extends Name>(names: readonly N[]): ReadonlyMap<string, N> =>
  new Map(names.map((name) => [name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`), name]));

/** The extensions that templates may set. */
export const BUILD_EXTENSIONS = indexByYamlName(FULCIO_EXTENSION_NAMES.filter(isBuildExtension));

/** The extensions that an issuer's certificates may omit. */
export const OMITTABLE_EXTENSIONS = indexByYamlName(FULCIO_EXTENSION_NAMES.filter(isOmittable));
