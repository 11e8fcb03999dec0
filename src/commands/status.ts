import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { loadArchiveConfig } from '../config/config';
import type { Environment } from '../config/environment';
import { destinationLines, destinationStatuses, isDelivering, type DestinationStatus } from './deliveries';
import { parseInterval } from '../config/values';
import { UsageError } from '../exit';
import type { SourceView } from '../domain/source-view';
import { progressFromMemo, progressOf, progressText, secondsLeft, type SyncProgress } from './progress';
import { duration, publicReport, reportLines } from './report';
import { createSource, sourcesOf } from '../source';
import { nextRunOf } from './schedule';
import { print, say, withSession, type Session } from './session';
import { nameOf } from '../domain/no-id';

export interface StatusOptions {
  json?: boolean;
  maxBehind?: string;
}

/** `status`: shows what is synced, running, failed or parked. Returns the exit code. */
export async function statusCommand(environment: Environment, options: StatusOptions): Promise<number> {
  const maxBehindMs = options.maxBehind === undefined ? undefined : parseInterval(options.maxBehind);
  if (options.maxBehind !== undefined && maxBehindMs === undefined) {
    throw new UsageError(`--max-behind ${options.maxBehind}: a number and s, m, h or d, as 30m`);
  }
  return withSession(environment, async (session) => {
    const { client, config } = session;
    const isNamed = Boolean(environment['SOURCE']) || (await session.source.view()).memo !== null;
    // Without SOURCE, whatever is there.
    const others = isNamed ? [] : await sourcesOf(client);
    let isRight = true;
    for (const name of others.length > 0 ? others : [config.source]) {
      const { status, isThere } = await look(environment, { ...session, source: createSource(client, name) });
      if (options.json) print(JSON.stringify(status));
      else lines(status).forEach(print);
      if (!isThere) isRight &&= isFirst(session, await sourcesOf(client));
      if (maxBehindMs !== undefined) isRight = sayWhyNot(status, maxBehindMs) && isRight;
    }
    return isRight ? 0 : 1;
  });
}

type Status = ReturnType<typeof statusOf> & {
  /** When the schedule asks for the next sync; null without a schedule, or while it is paused. */
  nextSyncAt: string | null;
  destinations: DestinationStatus[];
  /** The archive's folder; null if it is not on this machine. */
  records: string | null;
};

/** @returns `isThere`: whether the source ever ran. */
async function look(environment: Environment, session: Session): Promise<{ status: Status; isThere: boolean }> {
  const { source, client } = session;
  const [view, workers, nextSyncAt] = await Promise.all([
    source.view(),
    source.workers(),
    nextRunOf(client, source.name),
  ]);
  const progress = workers > 0 ? await progressOf(source, view) : progressFromMemo(view);
  if (workers === 0) say(`no worker serves source ${source.name}: this is what it has last written down in Temporal`);
  const destinations = await destinationStatuses(session, workers);
  const records = recordsHere(environment, source.name);
  const status = { ...statusOf(source.name, view, progress, workers), nextSyncAt, destinations, records };
  return { status, isThere: view.memo !== null };
}

function recordsHere(environment: Environment, source: string): string | null {
  const folder = join(resolve(loadArchiveConfig(environment).folder), source);
  return existsSync(folder) ? folder : null;
}

/** A source that never ran is fine where there is no other: it may be about to. @returns whether it is. */
function isFirst({ config }: Session, there: readonly string[]): boolean {
  if (there.length === 0) return true;
  say(
    `there is no source ${config.source} here: SOURCE is one of ${there.join(', ')}, or it is the first sync that is missing`,
  );
  return false;
}

function statusOf(source: string, { memo }: SourceView, progress: SyncProgress | null, workers: number) {
  const { paused, syncedThrough, unfinished, parked, reports } = memo ?? {};
  const { from = null, to = null } = unfinished?.window ?? {};
  const waitingFor = workers === 0 ? 'a worker' : (progress?.waitingFor ?? null);
  const lastSync = reports?.at(-1);
  return {
    source,
    paused: paused ?? (false as const),
    syncedThrough: syncedThrough ?? null,
    behindSeconds: syncedThrough ? Math.round((Date.now() - Date.parse(syncedThrough)) / 1000) : null,
    lastSuccessAt: memo?.lastSuccessAt ?? null,
    running: progress && { from, to, ...progress, secondsLeft: secondsLeft(progress), waitingFor },
    unfinished: unfinished && !progress ? { from, to, reason: unfinished.reason } : null,
    parked: parked ?? [],
    lastSync: lastSync ? publicReport(lastSync) : null,
  };
}

/** Says what is not as `--max-behind` wants it. @returns whether all is. */
function sayWhyNot(status: Status, maxBehindMs: number): boolean {
  const { source, paused, behindSeconds, lastSync, running, destinations } = status;
  const most = maxBehindMs / 1000;
  const wrong = [
    paused ? 'it is paused' : '',
    lastSync?.outcome === 'failed' ? 'its last sync failed' : '',
    behindSeconds === null ? 'nothing is synced yet' : behindSeconds > most ? `it is ${behindSeconds} s behind` : '',
    ...destinations.map((one) => (isDelivering(one, maxBehindMs) ? '' : `destination ${one.name} is late or paused`)),
  ].filter((what) => what !== '');
  const why = running?.waitingFor ? `; it waits for ${running.waitingFor}` : '';
  if (wrong.length > 0) say(`source ${source} is not as it should be: ${wrong.join(', ')}${why}`);
  return wrong.length === 0;
}

function lines(status: Status): string[] {
  const {
    source,
    paused,
    syncedThrough,
    running,
    unfinished,
    parked,
    lastSync,
    destinations,
    lastSuccessAt,
    nextSyncAt,
    records,
  } = status;
  const behind = syncedThrough === null ? '' : `, ${duration(Date.now() - Date.parse(syncedThrough))} behind now`;
  const window = ({ from, to }: { from: string | null; to: string | null }): string =>
    from === null || to === null ? 'opening its window' : `${from} to ${to}`;
  return [
    `source ${source}: ${syncedThrough === null ? 'nothing synced yet' : `synced through ${syncedThrough}${behind}`}`,
    ...(paused ? [`paused since ${paused.since}: ${paused.reason || 'no reason given'}`] : []),
    ...(lastSuccessAt
      ? [`last success at ${lastSuccessAt}${nextSyncAt && !paused ? `, next sync at ${nextSyncAt}` : ''}`]
      : []),
    ...(running ? [`running: ${window(running)}`, `  ${progressText(running)}`] : []),
    ...(running?.waitingFor ? [`  waiting for: ${running.waitingFor}`] : []),
    ...(unfinished ? [`unfinished: ${window(unfinished)}: ${unfinished.reason || 'the next sync takes it up'}`] : []),
    ...parked.map(
      (chat) => `parked: ${nameOf(chat.chatId)}, ${chat.from} to ${chat.to}, since ${chat.since}: ${chat.reason}`,
    ),
    ...(records === null ? [] : [`records: ${records}`]),
    ...destinations.flatMap(destinationLines),
    ...(lastSync ? ['last sync:', ...reportLines({ n: 0, ...lastSync }).map((line) => `  ${line}`)] : []),
  ];
}
