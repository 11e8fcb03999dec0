import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { workerVariables } from '../src/config/config';
import { destinationVariables } from '../src/config/destinations';
import { kinds } from '../src/destinations/registry';

const glob = (folder: string): string[] =>
  readdirSync(join(__dirname, '..', folder))
    .filter((name) => name.endsWith('.md'))
    .map((name) => join(folder, name));
const read = (name: string): string => readFileSync(join(__dirname, '..', name), 'utf8');

test.each(['.env.example', 'docs/reference.md'])('%s names every setting', (name) => {
  const text = read(name);
  expect(workerVariables({}).filter((variable) => !text.includes(variable))).toEqual([]);
});

test.each(Object.keys(kinds))('docs/destinations.md names every setting of %s', (kind) => {
  const text = read('docs/destinations.md');
  expect(destinationVariables(kind).filter((variable) => !text.includes(`\`${variable}\``))).toEqual([]);
});

test('.env.example names no setting that is none', () => {
  const named = [...read('.env.example').matchAll(/^# ?([A-Z_]+)=/gm)].map(([, variable]) => variable!);
  const known = [
    ...workerVariables({ DESTINATIONS: Object.keys(kinds).join() }),
    'TEMPORAL_ADDRESS',
    'TEMPORAL_NAMESPACE',
  ];
  expect(named.filter((variable) => !known.includes(variable))).toEqual([]);
});

test('the lock file names every platform package, without which npm 11 refuses to install', () => {
  type Locked = { packages: Record<string, { optionalDependencies?: Record<string, string> }> };
  const { packages } = JSON.parse(read('package-lock.json')) as Locked;
  const optional = Object.values(packages).flatMap((locked) => Object.keys(locked.optionalDependencies ?? {}));
  const there = new Set(Object.keys(packages).map((path) => path.split('node_modules/').at(-1)));
  expect(optional.filter((name) => !there.has(name))).toEqual([]);
});

test('docs/reference.md lists the commands that there are', () => {
  const table = read('docs/reference.md').split('## Commands')[1]?.split('## Settings')[0] ?? '';
  const listed = [...table.matchAll(/^\| (.*?) \|/gm)].flatMap(([, cell]) =>
    [...cell!.matchAll(/`(\w+)/g)].map(([, name]) => name!),
  );
  const defined = [...read('src/client.ts').matchAll(/\.command\('(\w+)'/g)].map(([, name]) => name!);
  expect(defined.length).toBeGreaterThan(8);
  expect(listed.toSorted()).toEqual(defined.toSorted());
});

const documents = ['README.md', 'SECURITY.md', 'CONTRIBUTING.md', ...glob('docs'), ...glob('docs/adr')];
test.each(documents)('%s points at files that are there', (name) => {
  const text = read(name);
  const paths = [...text.matchAll(/`((?:src|test|simulator|harness|bench|chaos|docs|ops|scripts)\/[^`<*]*)`/g)].map(
    ([, path]) => path!,
  );
  const links = [...text.matchAll(/\]\(([^)#:]+)\)/g)].map(([, path]) => join(dirname(name), path!));
  expect([...paths, ...links].filter((path) => !existsSync(join(__dirname, '..', path)))).toEqual([]);
});
