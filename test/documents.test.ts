import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { workerVariables } from '../src/config';

const read = (name: string): string => readFileSync(join(__dirname, '..', name), 'utf8');

test.each(['.env.example', 'README.md'])('%s names every setting', (name) => {
  const text = read(name);
  expect(workerVariables.filter((variable) => !text.includes(variable))).toEqual([]);
});

test('.env.example names no setting that is none', () => {
  const named = [...read('.env.example').matchAll(/^# ?([A-Z_]+)=/gm)].map(([, variable]) => variable!);
  const known = [...workerVariables, 'TEMPORAL_ADDRESS', 'TEMPORAL_NAMESPACE'];
  expect(named.filter((variable) => !known.includes(variable))).toEqual([]);
});

test('the lock file names every platform package, without which npm 11 refuses to install', () => {
  type Locked = { packages: Record<string, { optionalDependencies?: Record<string, string> }> };
  const { packages } = JSON.parse(read('package-lock.json')) as Locked;
  const optional = Object.values(packages).flatMap((locked) => Object.keys(locked.optionalDependencies ?? {}));
  const there = new Set(Object.keys(packages).map((path) => path.split('node_modules/').at(-1)));
  expect(optional.filter((name) => !there.has(name))).toEqual([]);
});

test('the README lists the commands that there are', () => {
  const table = read('README.md').split('## Commands')[1]?.split('## Settings')[0] ?? '';
  const listed = [...table.matchAll(/^\| (.*?) \|/gm)].flatMap(([, cell]) =>
    [...cell!.matchAll(/`(\w+)/g)].map(([, name]) => name!),
  );
  const defined = [...read('src/client.ts').matchAll(/\.command\('(\w+)'/g)].map(([, name]) => name!);
  expect(defined.length).toBeGreaterThan(8);
  expect(listed.toSorted()).toEqual(defined.toSorted());
});

test('the README points at files that are there', () => {
  const table = read('README.md').split('## Find your way around')[1] ?? '';
  const paths = [...table.matchAll(/`((?:src|test|simulator|docs)\/[^`]*)`/g)].map(([, path]) => path!);
  expect(paths.length).toBeGreaterThan(10);
  for (const path of paths) expect(() => readFileSync(join(__dirname, '..', path))).not.toThrow(/ENOENT/);
});
