import type { Policy } from '../config/policy';
import type { State } from '../domain/state';
import type { Checkpoint } from '../domain/checkpoint';
import { countLeft } from './chat-lists';
import { modeNames } from './listing-mode';
import { isOrganizationWide } from '../domain/listing';
import { code, table } from '../text/markdown';
import { abbreviate } from '../text/abbreviate';
import { counted } from '../text/counted';
import { nameOf } from '../domain/no-id';

/** What the details show besides the state. */
export interface RunFacts {
  unpublished: { chats: number; messages: number };
  /** The policy of the run's sync, also once that has ended. */
  policy: Policy | undefined;
  checkpoint: Checkpoint | undefined;
  /** Chats a second since the run began; null until that can be told. */
  pace: number | null;
}

/** A source's current details for the Web UI: Markdown, in which text from elsewhere is formatted as code. */
export function detailsOf(state: State, { unpublished, policy, checkpoint, pace }: RunFacts): string {
  const rows: [string, string][] = [['Synced through', state.syncedThrough ?? 'nothing yet']];
  if (state.paused) rows.push(['Paused', `since ${state.paused.since}: ${code(state.paused.reason)}`]);
  const { unfinished, running } = state;
  if (unfinished) {
    const { window, counters } = unfinished;
    rows.push([running ? 'Reading' : 'Unfinished', `${window.from} to ${window.to}`]);
    rows.push(['Chats', progressOf(counters.chats + unpublished.chats, unfinished.checkpoint, unpublished.chats)]);
    if (running && pace !== null) rows.push(['Pace', paceOf(pace, unfinished.checkpoint, unpublished.chats)]);
    rows.push(['Messages', String(counters.messages + unpublished.messages)]);
    rows.push(['Requests', String(counters.requests)]);
    if (counters.gone > 0) rows.push(['Gone', String(counters.gone)]);
    if (unfinished.checkpoint) {
      rows.push(['Listed and not read', String(countLeft(unfinished.checkpoint) - unpublished.chats)]);
    }
    if (unfinished.reason !== '') rows.push(['Ended early', code(unfinished.reason)]);
    if (running) rows.push(...unfinished.warnings.map((warning): [string, string] => ['Warning', code(warning)]));
  }
  if (state.parked.length > 0) {
    const chats = state.parked.map(({ chatId, reason }) => `${code(nameOf(chatId))}: ${code(reason)}`);
    rows.push([`Parked (${chats.length})`, abbreviate(chats)]);
  }
  if (checkpoint) rows.push(['Listing', listingOf(checkpoint)]);
  if (policy) {
    const { listing, messages, requestsPerSecond, workers, pageSize, settleSeconds } = policy;
    rows.push([
      'Settings',
      `LISTING ${listing}, MESSAGES ${messages}, REQUESTS_PER_SECOND ${requestsPerSecond}, ` +
        `WORKERS ${workers}, PAGE_SIZE ${pageSize}, SETTLE_SECONDS ${settleSeconds}`,
    ]);
    rows.push(['Filters', filtersOf(policy)]);
  }
  const last = state.reports.at(-1);
  if (last) {
    const { n, outcome, reason, from, to, chats, messages, requests, warnings } = last;
    const what =
      from === null
        ? ''
        : `, ${from} to ${to}: ${counted(chats, 'chat')}, ${counted(messages, 'message')}, ${counted(requests, 'request')}`;
    rows.push([`Last sync (${n})`, `${outcome}${what}${reason === undefined ? '' : `; ${code(reason)}`}`]);
    if (!running) rows.push(...warnings.map((warning): [string, string] => ['Warning', code(warning)]));
  }
  return `${titleOf(state)}\n\n${table(rows)}`;
}

/** How many chats of how many, as far as they are listed. */
function progressOf(read: number, checkpoint: Checkpoint | null, unpublished: number): string {
  if (checkpoint === null) return String(read);
  const total = read - unpublished + countLeft(checkpoint);
  const isAll = isOrganizationWide(checkpoint.mode) && checkpoint.lists.every(({ hasMore }) => !hasMore);
  const percent = total > 0 ? `, ${Math.floor((read / total) * 100)} %` : '';
  return `${read} of ${total}${isAll ? percent : ' listed so far'}`;
}

function paceOf(pace: number, checkpoint: Checkpoint | null, unpublished: number): string {
  const left = checkpoint === null ? 0 : countLeft(checkpoint) - unpublished;
  const minutes = Math.ceil(left / pace / 60);
  return `${pace.toFixed(1)} chats a second${left > 0 ? `, about ${minutes} min for those that are listed` : ''}`;
}

/** What the run is: its summary stands on the chain's first run only. */
const titleOf = ({ source, n, running }: State): string =>
  `The source ${code(source)}: ${running ? `sync ${n + 1} runs` : `waits for sync ${n + 1}`}. Each run of this workflow is one sync.`;

function listingOf({ mode, why, users }: Checkpoint): string {
  const organization = users.current?.organization;
  const at = organization == null ? '' : `, at organization ${code(organization)}`;
  return `${modeNames[mode]}${at}${why === null ? '' : `; ${code(why)}`}`;
}

function filtersOf({ organizationIds, projectIds, userIds }: Policy): string {
  const filters = [
    ['organizations', organizationIds],
    ['projects', projectIds],
    ['users', userIds],
  ] as const;
  const set = filters.filter(([, ids]) => ids.length > 0).map(([what, ids]) => `${what} ${abbreviate(ids.map(code))}`);
  return set.length > 0 ? set.join('; ') : 'none';
}
