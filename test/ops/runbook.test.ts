import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { load } from 'js-yaml';
import { ROOT } from '../../harness/root';
import { FailureType } from '../../src/contract';
import { alerts } from './alerts';
import { manifestSchema, problemsOf } from './kubernetes-types';
import { anchorsOf, markdown } from './markdown';

const text = markdown('docs/operations.md');

test('it says what to do about each type of failure, and of no other', () => {
  const [, table = ''] = text.split('## Each type of failure');
  const named = [...table.matchAll(/^\| `(\w+)`/gm)].map(([, type]) => type);
  expect(named.toSorted()).toEqual(Object.values(FailureType).toSorted());
});

test('its links lead to sections that there are', () => {
  const links = [...text.matchAll(/\]\(([\w.]*)#([\w-]+)\)/g)].map(([, file, anchor = '']) => ({
    file: file ? `docs/${file}` : 'docs/operations.md',
    anchor,
  }));
  expect(links.length).toBeGreaterThan(alerts.length);
  expect(links.filter(({ file, anchor }) => !anchorsOf(markdown(file)).includes(anchor))).toEqual([]);
});

/** What stands in spans and blocks of code, by line. */
const code = [...text.matchAll(/```\w+\n(.*?)```|`([^`]+)`/gs)].flatMap(([, block, span]) =>
  (block ?? span ?? '').split('\n'),
);
const commands = code.flatMap((line) => {
  const [, command, rest = ''] =
    /^(?:\$ )?(?:SOURCE=\w+ )?(?:chat-sync|node lib\/client\.js) ([a-z]+)([^|;#]*)/.exec(line) ?? [];
  return command === undefined ? [] : [{ command, options: rest.match(/--[a-z-]+/g) ?? [] }];
});

test('each command that it names is there, with its options', () => {
  expect(commands.length).toBeGreaterThan(20);
  const names = [...new Set(commands.map(({ command }) => command))];
  const unknown = names.flatMap((name) => {
    const help = execFileSync(process.execPath, [join(ROOT, 'lib/client.js'), name, '--help'], { encoding: 'utf8' });
    const known: string[] = help.match(/--[a-z-]+/g) ?? [];
    const options = commands.filter(({ command }) => command === name).flatMap((one) => one.options);
    return [...(help.includes(`chat-sync ${name} `) ? [] : [name]), ...options.filter((one) => !known.includes(one))];
  });
  expect(unknown).toEqual([]);
});

test('the rules become a PrometheusRule that the operator takes', () => {
  const [, script = ''] = /```sh\n(\{.*?\n\}) \| kubectl/s.exec(text) ?? [];
  const rule = manifestSchema.parse(load(execFileSync('bash', ['-c', script], { cwd: ROOT, encoding: 'utf8' })));
  expect(rule).toMatchObject({ spec: { groups: [{ rules: alerts.map(({ alert }) => ({ alert })) }] } });
  expect(problemsOf([rule])).toEqual([[]]);
});
