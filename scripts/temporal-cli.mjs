// Finds the Temporal CLI, which carries the server and its Web UI. Run by itself it prints the path.
import { accessSync, constants } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { pathToFileURL } from 'node:url';

const binary = process.platform === 'win32' ? 'temporal.exe' : 'temporal';

export const cacheFolder = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'compliance-chat-sync');
export const cachedCli = join(cacheFolder, binary);

export function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** The first `name` on PATH, or in one of the folders given beside it. */
export function onPath(name, ...beside) {
  const folders = [...(process.env.PATH ?? '').split(delimiter).filter(Boolean), ...beside];
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}

/** TEMPORAL_CLI_PATH, PATH, the project's cache folder, in this order; undefined if it is in none of them. */
export function findTemporalCli() {
  const named = process.env.TEMPORAL_CLI_PATH;
  if (named) {
    if (isExecutable(named)) return named;
    throw new Error(`TEMPORAL_CLI_PATH=${named} is not a program`);
  }
  return onPath(binary) ?? (isExecutable(cachedCli) ? cachedCli : undefined);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const path = findTemporalCli();
  if (path) console.log(path);
  else {
    console.error('no Temporal CLI: `node scripts/setup.mjs` installs one, TEMPORAL_CLI_PATH names yours');
    process.exitCode = 1;
  }
}
