// SPDX-License-Identifier: Apache-2.0
// Parts of a path.

/** Decodes a part of a path; null if it is malformed. */
export function decodePart(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}
