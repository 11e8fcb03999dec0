import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { load } from 'js-yaml';
import { z } from 'zod';
import { ROOT } from '../../harness/root';

const rule = z.strictObject({
  alert: z.string(),
  expr: z.string(),
  for: z.string().optional(),
  labels: z.strictObject({ severity: z.enum(['critical', 'warning']) }),
  annotations: z.strictObject({ summary: z.string(), runbook: z.string() }),
});
const testSchema = z.object({
  tests: z.array(
    z.looseObject({
      alert_rule_test: z.array(z.looseObject({ alertname: z.string(), exp_alerts: z.array(z.unknown()) })),
    }),
  ),
});

const read = (name: string): unknown => load(readFileSync(join(ROOT, 'ops/prometheus', name), 'utf8'));

export const alerts = z
  .object({ groups: z.array(z.object({ rules: z.array(rule) })) })
  .parse(read('alerts.yml'))
  .groups.flatMap(({ rules }) => rules);

/** What the tests of promtool expect, by the alert. */
export const expectations = testSchema.parse(read('alerts.test.yml')).tests.flatMap((one) => one.alert_rule_test);
