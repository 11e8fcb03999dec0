import type { Environment } from '../config/environment';
import { UsageError } from '../exit';
import { parseIsoTime } from '../domain/iso-time';
import { LONGEST_REASON } from '../workflows/requests';
import { say, withSession, withWorker } from './session';

/** `pause`: lets a running sync end; until `resume`, requests are refused. */
export async function pauseCommand(environment: Environment, options: { reason?: string }): Promise<number> {
  const reason = reasonOf(options);
  return withSession(environment, async (session) => {
    await withWorker(session, () => session.source.pause(reason));
    say(`source ${session.source.name} is paused: \`chat-sync resume\` lets it sync again`);
    return 0;
  });
}

/** `resume` */
export async function resumeCommand(environment: Environment): Promise<number> {
  return withSession(environment, async (session) => {
    await withWorker(session, () => session.source.resume());
    say(`source ${session.source.name} is not paused`);
    return 0;
  });
}

export interface RewindOptions {
  to: string;
  reason?: string;
  skip?: boolean;
}

/** `rewind`: sets the timestamp; messages from there on are sent again. */
export async function rewindCommand(environment: Environment, options: RewindOptions): Promise<number> {
  const to = parseIsoTime(options.to);
  if (to === undefined) throw new UsageError(`--to ${options.to}: an ISO 8601 date or time, as 2026-04-08T14:30:00Z`);
  const reason = reasonOf(options);
  if (Date.parse(to) > Date.now()) throw new UsageError(`--to ${options.to}: is in the future`);
  return withSession(environment, async (session) => {
    const { source } = session;
    const before = (await source.view()).memo?.syncedThrough;
    await withWorker(session, () => source.rewind({ to, skip: options.skip ?? false, reason }));
    say(`source ${source.name} goes on from ${to}${consequence(before, to)}`);
    return 0;
  });
}

function reasonOf({ reason = '' }: { reason?: string }): string {
  if (reason.length > LONGEST_REASON) throw new UsageError(`--reason: at most ${LONGEST_REASON} characters`);
  return reason;
}

function consequence(before: string | null | undefined, to: string): string {
  const ms = before ? Date.parse(to) - Date.parse(before) : 0;
  if (ms > 0) return `: messages since ${before ?? ''} are left out`;
  return ms < 0 ? ': messages since then come again, in new parts' : '';
}
