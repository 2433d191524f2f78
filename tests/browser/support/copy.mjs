// The phone's script as modules that node can load.

import { cp, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

/** The repository. */
export const root = path.join(import.meta.dirname, '../../..');

/** A copy of the page's modules: where each is, by name, and how to take the copy away again. */
export async function copyScripts() {
  const copy = await mkdtemp(path.join(tmpdir(), 'commons-script-'));
  await cp(path.join(root, 'daemon/src/web/script'), copy, { recursive: true });
  await writeFile(path.join(copy, 'package.json'), '{"type":"module"}');
  const files = (await readdir(copy)).filter((name) => name.endsWith('.js'));
  const urls = Object.fromEntries(files.map((name) => [name.slice(0, -3), pathToFileURL(path.join(copy, name)).href]));
  return { urls, remove: () => rm(copy, { recursive: true }) };
}
