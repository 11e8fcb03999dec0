import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

// What lint sees of one file, here with everything that comes in through others: what a folder loads at run time.

const SRC = join(__dirname, '../src');
const IMPORT = /^(?:import|export)\s+(?!type\b)(?:([\s\S]*?)\s+from\s+)?'([^']+)';/gm;

/** Packages and files that a file imports as values. */
function importsOf(file: string): string[] {
  return [...readFileSync(file, 'utf8').matchAll(IMPORT)].flatMap(([, names = '', from = '']) => {
    const listed = /^\{([\s\S]*)\}$/
      .exec(names)?.[1]
      ?.split(',')
      .map((name) => name.trim());
    const isTypesOnly = listed?.every((name) => name === '' || name.startsWith('type ')) ?? false;
    return isTypesOnly ? [] : [from];
  });
}

/** Everything that these files load, with the way to it. */
function loadedBy(files: readonly string[]): Map<string, string> {
  const ways = new Map<string, string>();
  const visit = (file: string, way: string): void => {
    for (const from of importsOf(file)) {
      const target = from.startsWith('.') ? `${join(dirname(file), from)}.ts` : from;
      if (ways.has(target)) continue;
      const next = `${way} > ${from.startsWith('.') ? relative(SRC, target) : from}`;
      ways.set(target, next);
      if (from.startsWith('.')) visit(target, next);
    }
  };
  for (const file of files) visit(file, relative(SRC, file));
  return ways;
}

const filesIn = (folder: string, but: string[] = []): string[] =>
  readdirSync(join(SRC, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !but.includes(name))
    .map((name) => join(SRC, folder, name));

test.each([
  [
    'domain',
    filesIn('domain', ['state.ts', 'checkpoint.ts', 'memo.ts', 'delivery.ts', 'verification.ts', 'operator-events.ts']),
    /^(?!\/)|\/src\/(?!domain\/|text\/|contract\.ts)/,
  ],
  [
    'workflows',
    filesIn('workflows'),
    /^(?!\/|@temporalio\/workflow$)|\/src\/(?!workflows\/|domain\/(?!state|checkpoint|memo|record|delivery|verification|operator-events)|text\/|contract\.ts)/,
  ],
  [
    'activities',
    filesIn('activities'),
    /^@temporalio\/(worker|workflow|client)|\/src\/(workflows|commands|config|source)/,
  ],
  [
    'compliance-api',
    filesIn('compliance-api'),
    /^@temporalio\/|\/src\/(archive|activities|workflows|config|commands)\//,
  ],
  ['archive', filesIn('archive'), /^@temporalio\/|\/src\/(compliance-api|activities|workflows|config|commands)\//],
  // A vendor's library is loaded with the destination that needs it.
  ['destinations/registry', [join(SRC, 'destinations', 'registry.ts')], /^(?!\/|node:|zod$|undici$)/],
])('what %s loads stays within its bounds, however far away it is imported', (_folder, files, forbidden) => {
  expect(files).not.toEqual([]);
  const loaded = [...loadedBy(files)].filter(([target]) => forbidden.test(target));
  expect(loaded.map(([, way]) => way)).toEqual([]);
});
