import { execFileSync } from 'node:child_process';
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

test('the rules become a PrometheusRule that the operator takes', () => {
  const [, script = ''] = /```sh\n(\{.*?\n\}) \| kubectl/s.exec(text) ?? [];
  const rule = manifestSchema.parse(load(execFileSync('bash', ['-c', script], { cwd: ROOT, encoding: 'utf8' })));
  expect(rule).toMatchObject({ spec: { groups: [{ rules: alerts.map(({ alert }) => ({ alert })) }] } });
  expect(problemsOf([rule])).toEqual([[]]);
});
