import { access, constants, mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { loadWorkerConfig, type WorkerConfig } from '../config/config';
import type { Environment } from '../config/environment';
import { temporalSettings } from '../temporal/settings';
import { howOf, startChild } from './child';
import { demoEnvironment, isDemo, startDemo } from './demo';
import { awaitDelivered } from './deliveries';
import { ensureTemporal } from './local-temporal';
import { duration, reportLines } from './report';
import { putSchedule } from './schedule';
import { print, say, withSession, type Session } from './session';
import { follow, lastEntry, sayHowFarBehind, startRequest } from './sync';

const WORKER = join(__dirname, '..', 'worker.js');
const LOOK_EVERY_MS = 2000;
const HOUR_S = 3600;
/** An exit code in the operator's contract. */
const WRONG_SETTING = 2;

/** `up`: runs everything on this machine. Returns the exit code, after ending whatever it started. */
export async function upCommand(given: Environment, options: { once?: boolean }): Promise<number> {
  const stopped = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stopped.abort());
  let finished = false;
  const started: { stop(): Promise<void> }[] = [];
  try {
    let environment = given;
    if (isDemo(given)) {
      say('Demo: no key is set, so this syncs a bundled tenant of fictitious people');
      environment = demoEnvironment(given);
    }
    const dataDir = resolve(environment['DATA_DIR'] || 'data');
    await makeFolder(dataDir);
    if (isDemo(given)) {
      const demo = await startDemo(environment, dataDir);
      started.unshift(demo);
      environment = demo.environment;
    }
    const config = loadWorkerConfig(environment);
    const temporal = temporalSettings(environment);
    say(`Source:   ${config.source}`);
    const server = await ensureTemporal(temporal, dataDir, ['DEBUG', 'TRACE'].includes(config.log.level));
    started.unshift(server);
    const isOurs = server.webUi !== null;
    say(
      `Temporal: ${temporal.address}, namespace ${temporal.namespace}; ${isOurs ? `its database is in ${dataDir}` : 'it was running'}`,
    );
    if (!isOurs) await withSession(environment, sayWhoElseServes);
    say(`Records:  ${recordsOf(config)}`);
    if (config.destinations.length > 0) say(`To:       ${config.destinations.map(({ name }) => name).join(', ')}`);
    if (server.webUi !== null) say(`Web UI:   ${server.webUi} while this runs`);
    const worker = startChild('worker', WORKER, [], forWorker(environment), ['ignore', 'inherit', 'pipe', 'ipc']);
    started.unshift(worker);
    const endedEarly = worker.ready.then(
      () => undefined,
      () => worker.ended,
    );
    const early = await Promise.race([endedEarly, aborted(stopped.signal)]);
    if (stopped.signal.aborted) return 0;
    if (early !== undefined) {
      // The worker's own line says which setting is wrong.
      if (early !== WRONG_SETTING) say(`error: the worker ended ${howOf(early)}`);
      return early === WRONG_SETTING ? early : 1;
    }
    const code = await Promise.race([
      withSession(environment, (session) => syncs(session, config, options.once ?? false)),
      aborted(stopped.signal).then(() => 0),
      server.ended.then(() => {
        if (!stopped.signal.aborted && !finished) say('error: the Temporal server ended; its reason stands above');
        return 1;
      }),
      worker.ended.then((code) => {
        if (!stopped.signal.aborted && !finished)
          say(`error: the worker ended ${howOf(code)}: the next start goes on where it was`);
        return 1;
      }),
    ]);
    finished = true;
    return code;
  } finally {
    if (stopped.signal.aborted) say('stopping ... the next start goes on from here');
    for (const child of started) await child.stop();
  }
}

async function makeFolder(dataDir: string): Promise<void> {
  try {
    await mkdir(dataDir, { recursive: true, mode: 0o700 });
    await access(dataDir, constants.W_OK);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
    throw new Error(`DATA_DIR=${dataDir} cannot be written (${code})`, { cause: error });
  }
}

/** A second `npm start` beside the first, or a worker of another folder, is seldom meant. */
async function sayWhoElseServes({ source }: Session): Promise<void> {
  if ((await source.workers()) === 0) return;
  say(`A worker serves source ${source.name} already, or did a minute ago: is another \`npm start\` running?`);
}

/** Ends after one sync if `once`, else only with Ctrl-C. */
async function syncs(session: Session, config: WorkerConfig, once: boolean): Promise<number> {
  const { client, source } = session;
  if ((await source.view()).memo === null) sayHowLong(config);
  if (!once) await putSchedule(client, source.name, config.settings.SYNC_INTERVAL);
  const report = await follow(session, await startRequest(session));
  reportLines(report).forEach(print);
  await sayHowFarBehind(session);
  const names = config.destinations.map(({ name }) => name);
  if (once && report.outcome === 'completed') await awaitDelivered(session, await lastEntry(session, report), names);
  if (once) return report.outcome === 'completed' ? 0 : 1;

  say(`syncing every ${duration(config.settings.SYNC_INTERVAL)} until Ctrl-C`);
  for (let shown = report.n; ; await sleep(LOOK_EVERY_MS)) {
    const view = await source.view().catch(() => null);
    for (const next of view?.memo?.reports ?? []) {
      if (next.n <= shown) continue;
      reportLines(next).forEach(print);
      shown = next.n;
    }
  }
}

/** Before the first sync: nobody knows yet how many chats there are; the bar says so as their lists come in. */
function sayHowLong({ settings: { BACKFILL_START: from, REQUESTS_PER_SECOND: rate } }: WorkerConfig): void {
  if (from === undefined) return;
  const anHour = Math.floor(rate * HOUR_S).toLocaleString('en');
  say(`Backfill: from ${from}, at most ${anHour} chats an hour, since each is a request (REQUESTS_PER_SECOND=${rate})`);
}

const recordsOf = ({ source, folder }: WorkerConfig): string => join(resolve(folder), source, 'messages');

/**
 * The worker logs warnings and errors only, as more would break the progress bar. With glibc's default number of arenas
 * it would take a quarter more memory.
 */
const forWorker = (environment: Environment): Environment => ({
  MALLOC_ARENA_MAX: '2',
  ...environment,
  LOG_LEVEL: environment['LOG_LEVEL'] || 'warn',
});

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
