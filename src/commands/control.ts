import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { readLedger, type LedgerLine } from '../archive/read/ledger';
import { loadArchiveConfig } from '../config/config';
import type { Environment } from '../config/environment';
import { UsageError } from '../exit';
import { parseIsoTime } from '../domain/iso-time';
import { LONGEST_REASON } from '../workflows/requests';
import { createDeliveryChain } from '../delivery-chain';
import { duration } from './report';
import { nextRunOf } from './schedule';
import { say, withSession, withWorker } from './session';
import { counted } from '../text/counted';

export interface PauseOptions {
  reason?: string;
  destination?: string;
}

/** `pause`: lets a running sync end; until `resume`, requests are refused. */
export async function pauseCommand(environment: Environment, options: PauseOptions): Promise<number> {
  const reason = reasonOf(options);
  const { destination } = options;
  return withSession(environment, async (session) => {
    if (destination !== undefined) {
      await withWorker(session, () =>
        createDeliveryChain(session.client, session.source.name, destination).pause(reason),
      );
      say(`destination ${destination} is paused: \`chat-sync resume --destination ${destination}\` lets it go on`);
      return 0;
    }
    await withWorker(session, () => session.source.pause(reason));
    say(`source ${session.source.name} is paused: \`chat-sync resume\` lets it sync again`);
    return 0;
  });
}

/** `resume` */
export async function resumeCommand(environment: Environment, options: PauseOptions): Promise<number> {
  const reason = reasonOf(options);
  const { destination } = options;
  if (destination !== undefined && reason !== '') throw new UsageError('--reason: of a source only');
  return withSession(environment, async (session) => {
    if (destination !== undefined) {
      const chain = createDeliveryChain(session.client, session.source.name, destination);
      const view = await chain.view();
      if (view && !view.state.paused) {
        say(`destination ${destination} is not paused`);
        return 0;
      }
      await withWorker(session, () => chain.resume());
      say(`destination ${destination} goes on`);
      return 0;
    }
    const { memo } = await session.source.view();
    if (memo && !memo.paused) {
      say(`source ${session.source.name} is not paused`);
      return 0;
    }
    await withWorker(session, () => session.source.resume(reason));
    const next = await nextRunOf(session.client, session.source.name);
    say(
      `source ${session.source.name} syncs again ${next === null ? 'when it is asked to' : `by its schedule, at ${next}`}`,
    );
    return 0;
  });
}

export interface RewindOptions {
  to?: string;
  destination?: string;
  refused?: boolean;
  reason?: string;
  skip?: boolean;
  yes?: boolean;
}

/** `rewind`: sets the timestamp; messages from there on are sent again. */
export async function rewindCommand(environment: Environment, options: RewindOptions): Promise<number> {
  const { destination, refused = false } = options;
  if (refused && (destination === undefined || options.to !== undefined)) {
    throw new UsageError('--refused: goes with --destination, and without --to');
  }
  if (refused && destination !== undefined) return rewindDestination(environment, destination, null);
  const to = timeOf(options.to);
  const reason = reasonOf(options);
  if (destination !== undefined) {
    if (options.skip) throw new UsageError('--skip: a destination needs none, it may be set to any time');
    if (options.reason !== undefined) throw new UsageError('--reason: of a rewind of the source only');
    return rewindDestination(environment, destination, to);
  }
  return withSession(environment, async (session) => {
    const { source } = session;
    const before = (await source.view()).memo?.syncedThrough;
    say(await consequenceOf(environment, before, to));
    if (!options.yes && !(await isAgreed())) {
      say('nothing was changed');
      return 1;
    }
    await withWorker(session, () => source.rewind({ to, skip: options.skip ?? false, reason }));
    say(`source ${source.name} goes on from ${to}`);
    return 0;
  });
}

/** @param to Null: the records that it refused. */
async function rewindDestination(environment: Environment, destination: string, to: string | null): Promise<number> {
  return withSession(environment, async (session) => {
    const { client, source } = session;
    const chain = createDeliveryChain(client, source.name, destination);
    const refused = (await chain.view())?.state.refused ?? 0;
    await withWorker(session, () => chain.rewind(to === null ? { refused: true } : { to }));
    say(
      to === null
        ? `destination ${destination} gets the ${counted(refused, 'record')} that it refused once more`
        : `destination ${destination} gets again what windows that end after ${to} hold`,
    );
    return 0;
  });
}

function timeOf(text: string | undefined): string {
  if (text === undefined)
    throw new UsageError('rewind needs --to TIME, or --destination NAME --refused (--help shows what there is)');
  const to = parseIsoTime(text);
  if (to === undefined) throw new UsageError(`--to ${text}: an ISO 8601 date or time, as 2026-04-08T14:30:00Z`);
  if (Date.parse(to) > Date.now()) throw new UsageError(`--to ${text}: is in the future`);
  return to;
}

function reasonOf({ reason = '' }: { reason?: string }): string {
  if (reason.length > LONGEST_REASON) throw new UsageError(`--reason: at most ${LONGEST_REASON} characters`);
  return reason;
}

/** What a rewind does, with figures where the archive is at hand. */
async function consequenceOf(environment: Environment, before: string | null | undefined, to: string): Promise<string> {
  if (!before) return `the first window begins at ${to}`;
  const ms = Date.parse(to) - Date.parse(before);
  if (ms > 0) return `messages between ${before} and ${to} are left out`;
  if (ms === 0) return `nothing comes again: the timestamp is ${to} already`;
  const { folder, source } = loadArchiveConfig(environment);
  const records = await recordsSince(join(resolve(folder), source), Date.parse(to)).catch(() => 0);
  const many = records > 0 ? `, up to ${counted(records, 'record')} that are in the archive now` : '';
  return `messages created since ${to} (${duration(-ms)}) come again, in new parts${many}: docs/reading-the-archive.md says how readers tell`;
}

/** How many records the windows hold that end after a time, without what later epochs have read again. */
async function recordsSince(folder: string, sinceMs: number): Promise<number> {
  let windows: LedgerLine[] = [];
  let epoch = 0;
  for await (const line of readLedger(folder)) {
    if (line.outcome !== 'completed') continue;
    if (line.epoch !== epoch) windows = windows.filter(({ to }) => Date.parse(to) <= Date.parse(line.from));
    epoch = line.epoch;
    if (Date.parse(line.to) > sinceMs) windows.push(line);
  }
  return windows.reduce((sum, { records }) => sum + records, 0);
}

/** Asks on a terminal; a script has decided already. */
async function isAgreed(): Promise<boolean> {
  if (!process.stdin.isTTY || !process.stderr.isTTY) return true;
  const asking = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await asking.question('Go on? [y/N] ');
  asking.close();
  return /^y(es)?$/i.test(answer.trim());
}
