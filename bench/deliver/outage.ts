import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { requestSyncWorkflowId, syncTaskQueue } from '../../src/contract';
import type { requestSync } from '../../src/workflows/request-sync';
import { createDeliveryChain } from '../../src/delivery-chain';
import { LEDGER } from '../../src/archive/folder/layout';
import { withInstallation } from '../../harness/installation';
import { installed } from '../../harness/servers/installed';
import { startPostgres } from '../../harness/servers/postgres';
import { SOURCE, withEnvironment, type Environment } from '../environment';
import { syncOnce } from '../sync';
import { startHttp } from './targets/http';
import { thereAt } from './targets/postgres';
import type { There } from './targets/target';

const LOOK_EVERY_MS = 100;
const UP = 'http';
const DOWN = 'postgres';

/** A sync of which one of two destinations notices nothing, since it is down. */
export interface OutageScenario {
  readonly name: string;
  readonly chats: number;
  readonly idleWindows: number;
  /** The folder of PostgreSQL's programs; null: it is not at hand. */
  readonly programs: string | null;
}

/** Figures of a sync with two destinations, one of which is down from before it until after it. */
export interface OutageResult {
  name: string;
  kind: 'outage';
  messages: number;
  /** Of a sync without destinations, and of this one. */
  secondsAlone: number;
  seconds: number;
  requests: number;
  fewestRequests: number;
  /** From the end of the sync until the destination that is up had everything. */
  upSeconds: number;
  up: There;
  /** From when the other one was started again until it had everything. */
  returnedSeconds: number;
  returned: There;
  idleWindows: number;
  /** What so many windows without a message added to the ledger, and to each destination. */
  idleLines: number;
  idleRequests: number;
  idleRecords: number;
}

export function outagesOf({ quick }: { quick: boolean }): OutageScenario[] {
  const programs = installed(DOWN) ?? null;
  return [{ name: 'deliver-outage', chats: quick ? 50 : 1000, idleWindows: quick ? 5 : 100, programs }];
}

/** What was promised and not kept. */
export function outageFault(result: OutageResult): string | undefined {
  const { messages, requests, fewestRequests, up, returned, idleWindows, idleLines } = result;
  const missing = [up, returned].some(({ distinct }) => distinct !== messages);
  if (missing || returned.records !== messages) return `not exact: ${JSON.stringify({ messages, up, returned })}`;
  if (requests > fewestRequests) return `${requests - fewestRequests} requests to the API over the fewest`;
  const wrote = result.idleRequests + result.idleRecords;
  if (wrote > 0 || idleLines > idleWindows)
    return `${idleWindows} idle windows: ${wrote} deliveries, ${idleLines} lines`;
  return undefined;
}

/** Syncs a tenant without destinations, and again with two, of which one is down until the sync has ended. */
export async function measureOutage(
  { name, chats, idleWindows, programs }: OutageScenario,
  signal: AbortSignal,
  say: (line: string) => void,
): Promise<OutageResult> {
  if (programs === null) throw new Error(`${name}: its server is not at hand`);
  const tenant = {
    chats,
    messagesPerChat: [7, 13] as [number, number],
    bigChats: [],
    latenciesMs: [0],
    users: null,
    sendDate: false,
  };
  const options = { tenant, requestsPerSecond: 10_000, workers: 1 };
  say(`${name}: a sync without destinations ...`);
  const secondsAlone = await withEnvironment(
    options,
    signal,
    async (environment) => (await timed(environment)).seconds,
  );

  return withServers(name, programs, signal, async ({ http, postgres }) => {
    const settings = { ...http.settings, POSTGRES_URL: postgres.url, DESTINATIONS: `${UP},${DOWN}` };
    await postgres.kill();
    return withEnvironment({ ...options, settings }, signal, async (environment) => {
      const { temporal, tenant: api, archiveFolder } = environment;
      say(`${name}: the same with ${UP} and ${DOWN}, which is down ...`);
      const { seconds, messages } = await timed(environment);
      const upSeconds = await secondsUntil(environment, UP);
      const requests = (await api.facts()).requestTimes.length;
      say(`${name}: ${DOWN} is started again ...`);
      await postgres.restart();
      const returnedSeconds = await secondsUntil(environment, DOWN);
      const [up, returned] = [await http.there(), await thereAt(postgres.url)];

      say(`${name}: ${idleWindows} windows without a message ...`);
      const [linesBefore, askedBefore] = [await linesOf(archiveFolder), await http.requests()];
      for (let closed = 0; closed < idleWindows;) closed += (await closesWindow(temporal.client)) ? 1 : 0;
      await Promise.all([UP, DOWN].map((destination) => secondsUntil(environment, destination)));
      return {
        ...{ name, kind: 'outage', messages, secondsAlone, seconds, requests, fewestRequests: api.fewestRequests },
        ...{ upSeconds, up, returnedSeconds, returned, idleWindows },
        idleLines: (await linesOf(archiveFolder)) - linesBefore,
        idleRequests: (await http.requests()) - askedBefore,
        idleRecords: (await thereAt(postgres.url)).records - returned.records,
      };
    });
  });
}

interface Servers {
  http: Awaited<ReturnType<typeof startHttp>>;
  postgres: Awaited<ReturnType<typeof startPostgres>>;
}

function withServers<T>(
  name: string,
  programs: string,
  signal: AbortSignal,
  work: (servers: Servers) => Promise<T>,
): Promise<T> {
  return withInstallation({
    ...{ name, signal, work },
    async setUp(_folder, onTeardown) {
      const http = await startHttp();
      onTeardown(() => http.stop());
      const postgres = await startPostgres(programs);
      onTeardown(() => postgres.stop());
      return { http, postgres };
    },
  });
}

async function timed({ temporal }: Environment): Promise<{ seconds: number; messages: number }> {
  const begun = performance.now();
  const { messages } = await syncOnce(temporal.client, SOURCE);
  return { seconds: (performance.now() - begun) / 1000, messages };
}

/** Waits until a destination is behind nothing that the ledger has. */
async function secondsUntil({ temporal, archiveFolder }: Environment, destination: string): Promise<number> {
  const begun = performance.now();
  const chain = createDeliveryChain(temporal.client, SOURCE, destination);
  for (;;) {
    const entry = (await chain.view())?.state.position?.entry ?? 0;
    if (entry > (await linesOf(archiveFolder))) return (performance.now() - begun) / 1000;
    await sleep(LOOK_EVERY_MS);
  }
}

/** Syncs; false within the second of the last window, in which there is none to close. */
async function closesWindow(client: Client): Promise<boolean> {
  const { from, to } = await client.workflow.execute<typeof requestSync>('requestSync', {
    workflowId: requestSyncWorkflowId(SOURCE, 'idle'),
    taskQueue: syncTaskQueue(SOURCE),
    args: [SOURCE],
  });
  return from !== to;
}

async function linesOf(archiveFolder: string): Promise<number> {
  const text = await readFile(join(archiveFolder, LEDGER), 'utf8');
  return text.split('\n').length - 1;
}
