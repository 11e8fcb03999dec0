import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../harness/root';

const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const documents = ['README.md', 'CONTRIBUTING.md', 'SECURITY.md', ...under('docs'), ...under('docs/adr')];

function under(folder: string): string[] {
  return readdirSync(join(ROOT, folder))
    .filter((name) => name.endsWith('.md'))
    .map((name) => join(folder, name));
}

interface Found {
  command: string;
  options: string[];
}

/** What stands in spans and blocks of code, by line. */
const lines = documents
  .flatMap((path) => [...read(path).matchAll(/```\w+\n(.*?)```|`([^`\n]+)`/gs)])
  .flatMap(([, block, span]) => (block ?? span ?? '').split('\n'));

/** @param begins Whose first group is the command, and the second what follows it. */
const found = (begins: RegExp): Found[] =>
  lines.flatMap((line) => {
    const [, command, rest = ''] = begins.exec(line) ?? [];
    return command === undefined ? [] : [{ command, options: rest.match(/--[a-z][a-z-]*/g) ?? [] }];
  });

/** @param known What a command says of its options. */
function unknownOf(commands: readonly Found[], known: (command: string) => string): string[] {
  return [...new Set(commands.map(({ command }) => command))].flatMap((command) => {
    const options: string[] = known(command).match(/--[a-z][a-z-]*/g) ?? [];
    const used = commands.filter((one) => one.command === command).flatMap((one) => one.options);
    return used.filter((option) => !options.includes(option)).map((option) => `${command} ${option}`);
  });
}

test('each command that a document names is there, with its options', () => {
  const commands = found(/^(?:\$ )?(?:SOURCE=\w+ )?(?:npx )?(?:chat-sync|node lib\/client\.js) ([a-z]+)\b([^|;#]*)/);
  expect(commands.length).toBeGreaterThan(50);
  const help = (command: string): string =>
    execFileSync(process.execPath, [join(ROOT, 'lib/client.js'), command, '--help'], { encoding: 'utf8' });
  const names = [...new Set(commands.map(({ command }) => command))];
  expect(names.filter((name) => !help(name).includes(`chat-sync ${name} `))).toEqual([]);
  expect(unknownOf(commands, help)).toEqual([]);
});

test('each script of npm that a document names is there, and the options of chaos and bench', () => {
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
  const commands = found(/^(?:\$ )?npm run (?:--silent )?([\w:-]+)([^|;#]*)/);
  expect(commands.length).toBeGreaterThan(20);
  expect(commands.map(({ command }) => command).filter((name) => scripts[name] === undefined)).toEqual([]);
  const programs = commands.filter(({ command }) => ['chaos', 'bench'].includes(command));
  expect(unknownOf(programs, (command) => read(`${command}/main.ts`))).toEqual([]);
});
