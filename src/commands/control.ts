import type { Environment } from '../config';
import { UsageError } from '../exit';
import { parseIsoTime } from '../iso-time';
import { say, withSession, withWorker } from './session';

/** `pause`: lets a running sync end; until `resume`, requests are refused. */
export async function pauseCommand(environment: Environment, options: { reason?: string }): Promise<number> {
  return withSession(environment, async (session) => {
    await withWorker(session, () => session.source.pause(options.reason ?? ''));
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

/** `rewind`: sets the timestamp; what was sent from there on comes again. */
export async function rewindCommand(environment: Environment, options: RewindOptions): Promise<number> {
  const to = parseIsoTime(options.to);
  if (to === undefined) throw new UsageError(`--to ${options.to}: an ISO 8601 date or time, as 2026-04-08T14:30:00Z`);
  if (Date.parse(to) > Date.now()) throw new UsageError(`--to ${options.to}: is in the future`);
  return withSession(environment, async (session) => {
    const { source } = session;
    const request = { to, skip: options.skip ?? false, reason: options.reason ?? '', epoch: Date.now() };
    const before = (await source.view()).memo?.syncedThrough;
    await withWorker(session, () => source.rewind(request));
    say(`source ${source.name} goes on from ${to}${consequence(before, to)}`);
    return 0;
  });
}

function consequence(before: string | null | undefined, to: string): string {
  const ms = before ? Date.parse(to) - Date.parse(before) : 0;
  if (ms > 0) return `: messages since ${before ?? ''} are left out`;
  return ms < 0 ? ': messages since then come again, in new parts' : '';
}
