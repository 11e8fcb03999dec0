import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { ROOT } from '../../harness/root';

export interface Query {
  title: string;
  expr: string;
  legendFormat: string;
}

const target = z.object({ expr: z.string(), legendFormat: z.string() });
const dashboardSchema = z.object({
  panels: z.array(z.object({ title: z.string(), targets: z.array(target).default([]) })),
});

const dashboard = dashboardSchema.parse(
  JSON.parse(readFileSync(join(ROOT, 'ops/grafana/dashboards/compliance-chat-sync.json'), 'utf8')),
);

/** Every query of every panel. */
export const queries: readonly Query[] = dashboard.panels.flatMap(({ title, targets }) =>
  targets.map((one) => ({ title, ...one })),
);
