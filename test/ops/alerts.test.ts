import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { findPrometheus, promtoolOf } from '../../harness/servers/prometheus';
import { ROOT } from '../../harness/root';
import { alerts, expectations } from './alerts';
import { anchorsOf, markdown } from './markdown';

const program = findPrometheus();
const promtool = (...args: string[]): string =>
  execFileSync(promtoolOf(program ?? ''), args, { cwd: join(ROOT, 'ops/prometheus'), encoding: 'utf8' });

(program === undefined ? describe.skip : describe)('by promtool', () => {
  test('the rules and the configuration are right', () => {
    expect(promtool('check', 'config', '--lint-fatal', 'prometheus.yml')).toContain(`${alerts.length} rules found`);
  });

  test('each alert fires when it should, and not otherwise', () => {
    expect(promtool('test', 'rules', 'alerts.test.yml')).toContain('SUCCESS');
  });
});

test.each(alerts)('$alert is tried', ({ alert }) => {
  const fired = expectations.filter(({ alertname, exp_alerts }) => alertname === alert && exp_alerts.length > 0);
  expect(fired).not.toEqual([]);
});

test.each(alerts)('the runbook has a section for $alert, and it is the one that is named', ({ alert, annotations }) => {
  const [file = '', anchor] = annotations.runbook.split('#');
  expect(anchor).toBe(alert.toLowerCase());
  expect(anchorsOf(markdown(file))).toContain(anchor);
});
