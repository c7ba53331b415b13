// SPDX-License-Identifier: Apache-2.0
// A backup in a folder: files with the names of the objects in R2. A file appears whole or not at all.

import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";

/** Reads and writes the files of a backup. Keys are paths with slashes. */
export class BackupFolder {
  readonly path: string;

  /** @param path absolute; created by the first write */
  constructor(path: string) {
    this.path = path;
  }

  file(key: string): string {
    return join(this.path, ...key.split("/"));
  }

  has(key: string): boolean {
    return existsSync(this.file(key));
  }

  /** Null if there is no such file. */
  read(key: string): Uint8Array | null {
    return this.has(key) ? new Uint8Array(readFileSync(this.file(key))) : null;
  }

  write(key: string, bytes: Uint8Array): void {
    const file = this.file(key);
    mkdirSync(dirname(file), { recursive: true });
    const unfinished = `${file}.unfinished`;
    writeFileSync(unfinished, bytes);
    renameSync(unfinished, file);
  }

  remove(key: string): void {
    rmSync(this.file(key), { force: true });
  }

  /** The keys below a folder, sorted. */
  keys(prefix: string): readonly string[] {
    const folder = this.file(prefix);
    if (!existsSync(folder)) return [];
    const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    const keys = files.map(({ parentPath, name }) => relative(this.path, join(parentPath, name)).split(sep).join("/"));
    return keys.filter((key) => !key.endsWith(".unfinished")).toSorted();
  }
}
