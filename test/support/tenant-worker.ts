import { randomUUID } from 'node:crypto';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run, start } from '../../harness/programs';
import type { Settings } from '../../harness/process-env';
import { DEMO_KEY, startSimulator, type Simulator, type Tenant } from '../../simulator';
import { address } from './server';

export interface TenantWorker {
  readonly settings: Settings;
  readonly simulator: Simulator;
  /** A sync, with its report. */
  sync(): Promise<Record<string, unknown>>;
  stop(): Promise<void>;
}

/** Starts a built worker, of a source of its own, on a simulated tenant. @param more Settings. */
export async function startTenantWorker(tenant: Tenant, more: Settings): Promise<TenantWorker> {
  const simulator = await startSimulator({ tenant });
  const settings = {
    ANTHROPIC_COMPLIANCE_ACCESS_KEY: DEMO_KEY,
    ANTHROPIC_BASE_URL: simulator.url,
    SOURCE: `w-${randomUUID().slice(0, 8)}`,
    DATA_DIR: await mkdtemp(join(tmpdir(), 'chat-sync-worker-')),
    BACKFILL_START: '2026-08-01',
    REQUESTS_PER_SECOND: '200',
    TEMPORAL_ADDRESS: address,
    ...more,
  };
  const worker = start('worker.js', [], settings);
  await worker.says('serving source');
  return {
    settings,
    simulator,
    sync: async () => JSON.parse((await run(['sync', '--json'], settings)).stdout) as Record<string, unknown>,
    async stop() {
      worker.process.kill('SIGTERM');
      await worker.ended;
      await simulator.close();
    },
  };
}
