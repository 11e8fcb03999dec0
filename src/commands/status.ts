import type { Environment } from '../config/environment';
import { destinationLines, destinationStatuses, isDelivering, type DestinationStatus } from './deliveries';
import { parseInterval } from '../config/values';
import { UsageError } from '../exit';
import type { SourceView } from '../domain/source-view';
import { progressFromMemo, progressOf, type SyncProgress } from './progress';
import { duration, publicReport, reportLines } from './report';
import { print, say, withSession } from './session';

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
    const { source } = session;
    const [view, workers] = await Promise.all([source.view(), source.workers()]);
    const progress = workers > 0 ? await progressOf(source, view) : progressFromMemo(view);
    if (workers === 0) say(`no worker serves source ${source.name}: this is from its memo`);
    const destinations = await destinationStatuses(session, workers);
    const status = { ...statusOf(source.name, view, progress, workers), destinations };
    if (options.json) print(JSON.stringify(status));
    else lines(status).forEach(print);
    return maxBehindMs !== undefined && !isHealthy(status, maxBehindMs) ? 1 : 0;
  });
}

type Status = ReturnType<typeof statusOf> & { destinations: DestinationStatus[] };

function statusOf(source: string, { memo }: SourceView, progress: SyncProgress | null, workers: number) {
  const { paused, syncedThrough, unfinished, parked, reports } = memo ?? {};
  const { from = null, to = null } = unfinished?.window ?? {};
  const waitingFor = workers === 0 ? 'a worker' : (progress?.waitingFor ?? null);
  const lastSync = reports?.at(-1);
  return {
    source,
    paused: paused ?? (false as const),
    syncedThrough: syncedThrough ?? null,
    running: progress && { from, to, chats: progress.chats, messages: progress.messages, waitingFor },
    unfinished: unfinished && !progress ? { from, to, reason: unfinished.reason } : null,
    parked: parked ?? [],
    lastSync: lastSync ? publicReport(lastSync) : null,
  };
}

function isHealthy({ paused, syncedThrough, lastSync, destinations }: Status, maxBehindMs: number): boolean {
  if (paused || syncedThrough === null || lastSync?.outcome === 'failed') return false;
  if (destinations.some((one) => !isDelivering(one, maxBehindMs))) return false;
  return Date.now() - Date.parse(syncedThrough) <= maxBehindMs;
}

function lines(status: Status): string[] {
  const { source, paused, syncedThrough, running, unfinished, parked, lastSync, destinations } = status;
  const behind = syncedThrough === null ? '' : `, ${duration(Date.now() - Date.parse(syncedThrough))} behind now`;
  const window = ({ from, to }: { from: string | null; to: string | null }): string =>
    from === null || to === null ? 'opening its window' : `${from} to ${to}`;
  return [
    `source ${source}: ${syncedThrough === null ? 'nothing synced yet' : `synced through ${syncedThrough}${behind}`}`,
    ...(paused ? [`paused since ${paused.since}: ${paused.reason || 'no reason given'}`] : []),
    ...(running ? [`running: ${window(running)}, ${running.chats} chats, ${running.messages} messages so far`] : []),
    ...(running?.waitingFor ? [`  waiting for: ${running.waitingFor}`] : []),
    ...(unfinished ? [`unfinished: ${window(unfinished)}: ${unfinished.reason || 'the next sync takes it up'}`] : []),
    ...parked.map((chat) => `parked: ${chat.chatId}, ${chat.from} to ${chat.to}, since ${chat.since}: ${chat.reason}`),
    ...destinations.flatMap(destinationLines),
    ...(lastSync ? ['last sync:', ...reportLines({ n: 0, ...lastSync }).map((line) => `  ${line}`)] : []),
  ];
}
