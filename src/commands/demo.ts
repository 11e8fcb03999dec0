import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { devNull } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import type { Environment } from '../config/environment';
import { isLoopback } from '../text/loopback';
import { startChild } from './child';

const SOURCE = 'demo';
const BACKFILL_DAYS = 30;
const SIMULATOR = join(__dirname, '..', 'simulator', 'main.js');
// SINK, of earlier builds: whoever has set it hears that it is gone, and gets no demo.
const SETS_A_SOURCE = [
  'ANTHROPIC_COMPLIANCE_ACCESS_KEY',
  'ANTHROPIC_COMPLIANCE_ACCESS_KEY_FILE',
  'ANTHROPIC_BASE_URL',
  'SINK',
];

/** Settings of this machine that the demo keeps, though it drops all other `TEMPORAL_*`. */
const OURS = ['TEMPORAL_CLI_PATH', 'TEMPORAL_PAYLOAD_CODEC'];

const tenantSchema = z.object({ seed: z.string(), anchor: z.iso.datetime() });
const readySchema = z.object({ url: z.string(), key: z.string() });

/** Whether no setting of a real source is set. Set but empty counts as set: fake people must never enter an archive. */
export const isDemo = (environment: Environment): boolean =>
  SETS_A_SOURCE.every((name) => environment[name] === undefined);

export interface Demo {
  /** The environment in which the worker serves the demo tenant. */
  environment: Environment;
  stop(): Promise<void>;
}

/** Starts the demo tenant. `dataDir` keeps its seed and start time: a second run finds the same messages, and more. */
export async function startDemo(environment: Environment, dataDir: string): Promise<Demo> {
  const { seed, anchor } = await anchored(dataDir);
  const args = ['--port', '0', '--seed', seed, '--anchor', anchor];
  const child = startChild('demo tenant', SIMULATOR, args, environment, ['ignore', 'ignore', 'inherit', 'ipc']);
  const { url, key } = readySchema.parse(await child.ready);
  const backfillStart = new Date(Date.parse(anchor) - BACKFILL_DAYS * 86_400_000).toISOString();
  return {
    stop: () => child.stop(),
    environment: {
      ...demoEnvironment(environment),
      ANTHROPIC_BASE_URL: url,
      ANTHROPIC_COMPLIANCE_ACCESS_KEY: key,
      BACKFILL_START: environment['BACKFILL_START'] || backfillStart,
    },
  };
}

/** The environment of the demo: its source, and a Temporal on this machine whatever profile or address is set. */
export function demoEnvironment(environment: Environment): Environment {
  const ours = Object.entries(environment).filter(([name]) => !name.startsWith('TEMPORAL_') || OURS.includes(name));
  const address = environment['TEMPORAL_ADDRESS'];
  const local = address !== undefined && isLoopback(address.replace(/:\d+$/, ''));
  return {
    ...Object.fromEntries(ours),
    ...(local ? { TEMPORAL_ADDRESS: address } : {}),
    TEMPORAL_CONFIG_FILE: devNull,
    SOURCE,
  };
}

async function anchored(dataDir: string): Promise<z.infer<typeof tenantSchema>> {
  const file = join(dataDir, 'demo-tenant.json');
  try {
    return tenantSchema.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch {
    const tenant = { seed: '1', anchor: new Date().toISOString() };
    await mkdir(dataDir, { recursive: true, mode: 0o700 });
    await writeFile(file, JSON.stringify(tenant), { mode: 0o600 });
    return tenant;
  }
}
