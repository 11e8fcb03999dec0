import { ApplicationFailure } from '@temporalio/workflow';
import { FailureType } from '../contract';
import type { Window } from '../sinks/sink';
import type { Checkpoint, Policy, State, Unfinished } from '../state';
import type { Activities } from './activity-proxies';
import { possess, type Possession } from './archive';
import { backfillWarnings, isMoved, isPublished } from './backfill';
import { ending, takenUpAgain } from './checkpoint';
import { firstForm, organizationPages } from './listing';
import { NO_COUNTERS } from './reports';
import { someOf } from './some-of';
import type { SyncHost } from './sync-host';
import { clockSkew, compareWithLedger, openWindow } from './window';

const SKEW_WARNING_MS = 60_000;

/** Everything before the first chat. `unfinished` is null if there is nothing to do yet. */
export async function begin(
  activities: Activities,
  policy: Policy,
  host: SyncHost,
): Promise<{ unfinished: Unfinished | null; warnings: string[] }> {
  const { archive: held } = host.state;
  // Whatever the sink needs is tried before the first request to the API.
  const ledger = await activities.readLedger({ sink: policy.sink, archive: held?.held ? held.id : null });
  const { requests, serverTime, warnings: found } = await lookAtOrganizations(activities, policy);
  const now = host.now();
  const warnings = [...found, ...clockWarnings(host.state, now, serverTime), ...filterWarnings(policy, host.state)];
  const possession = await possess(activities, policy, host, ledger);
  const { abandoned, syncedThrough, epoch, archive } = host.state;
  const inArchive = <W extends Window | null>(window: W): W => window && { ...window, archive: archive?.id };
  const abandon = (window: Window): Promise<void> => {
    const closing = { outcome: 'abandoned', totals: { chats: 0, records: 0 }, requestId: null } as const;
    return activities.commitWindow({ window: inArchive(window), sink: policy.sink, closing });
  };
  if (abandoned) {
    await abandon(abandoned);
    host.change({ abandoned: undefined });
  }
  const { backfillStart, settleSeconds } = policy;
  const start = syncedThrough ?? backfillStart;
  const { unfinished } = host.state;
  if (unfinished && isMoved(policy, host.state) && !(await isPublished(activities, policy, unfinished))) {
    await abandon(unfinished.window);
    host.change({ unfinished: undefined });
  }
  warnings.push(...backfillWarnings(policy, host.state));
  const before = host.state.unfinished ?? forgotten(ledger.unfinished, epoch, start);
  const facts = { epoch, syncedThrough, backfillStart, now, serverTime, settleSeconds };
  const window = inArchive(before?.window ?? openWindow(facts));
  if (window === null) return { unfinished: null, warnings };
  const later = ledger.unfinished.find((other) => other.epoch > epoch);
  const { missing } = ledger;
  const context = { policy, state: host.state, requests, possession, missing };
  if (later) throw disagreement('overtaken', window, later, context);
  const verdict = compareWithLedger(window, ledger.last);
  if (verdict === 'behind' || verdict === 'hole') throw disagreement(verdict, window, ledger.last, context);
  const isEmpty = ledger.kept && ledger.last === null && syncedThrough !== null;
  // Since the last rewind a window was completed in this sink.
  if (ledger.kept && host.state.sink === policy.sink && (ledger.last?.epoch ?? -1) < epoch) {
    throw disagreement(isEmpty ? 'empty' : 'old', window, ledger.last, context);
  }
  if (possession === 'foreign') throw disagreement('foreign', window, ledger.last, context);
  // One that is unfinished waits for its place.
  if (possession === 'lost' && !before) throw disagreement('lost', window, ledger.last, context);
  // A rewind is how an operator says to go on without it.
  const isToldSo = epoch > 0 && (ledger.last?.epoch ?? -1) < epoch;
  if (missing !== null && !isToldSo) throw disagreement('incomplete', window, ledger.last, context);
  for (const other of ledger.unfinished) if (isBehind(other, window) && !isSame(other, abandoned)) await abandon(other);
  if (isEmpty) warnings.push(`sink ${policy.sink} holds messages since ${window.from} only`);
  const counters = { ...NO_COUNTERS, requests };
  const opened = before
    ? await takenUp(activities, host, { ...before, window }, context)
    : { window, checkpoint: null, counters, reason: '' };
  const toRetry = host.state.parked.map((chat) => chat.chatId);
  return { unfinished: { ...opened, toRetry, warnings }, warnings };
}

/** A window that the sink began with and the state, since a run was reset, does not know: its messages are in it already. */
function forgotten(windows: Window[], epoch: number, start: string | null): Unfinished | undefined {
  const from = start === null ? NaN : Date.parse(start);
  const window = windows.find((candidate) => candidate.epoch === epoch && Date.parse(candidate.from) === from);
  return window && { window, checkpoint: null, counters: NO_COUNTERS, toRetry: [], warnings: [], reason: '' };
}

/** Nobody will take it up any more. One that begins later is for a later sync. */
const isBehind = (other: Window, window: Window): boolean =>
  !isSame(other, window) && (other.epoch < window.epoch || Date.parse(other.from) <= Date.parse(window.from));

const isSame = (a: Window, b: Window | undefined): boolean =>
  a.epoch === b?.epoch && a.from === b.from && a.to === b.to;

/**
 * The window that an earlier sync left: from its checkpoint, or, if that was made under other settings, from its start.
 * What the sink holds of it counts, whatever the state remembers; if it has closed the window, nothing is left to walk.
 */
async function takenUp(
  activities: Activities,
  host: SyncHost,
  before: Unfinished,
  context: Disagreeing,
): Promise<Unfinished> {
  const { window } = before;
  const { policy, requests } = context;
  const goesOn = before.checkpoint?.fingerprint === policy.fingerprint && isFruitful(before.checkpoint, policy);
  const kept = goesOn ? before.counters : { ...NO_COUNTERS, requests: before.counters.requests };
  const totals = { chats: kept.chats, records: kept.messages, gone: kept.gone, conflicts: kept.conflicts };
  const published = await activities.publishPart({ window, sink: policy.sink, chats: [], gone: [], totals });
  if (published.abandoned) throw disagreement('given up', window, window, context);
  const healed = new Set(published.healed.map(({ chatId }) => chatId));
  host.change({ parked: host.state.parked.filter(({ chatId }) => !healed.has(chatId)) });
  const counters = {
    ...kept,
    chats: published.totals.chats,
    messages: published.totals.records,
    gone: published.gone,
    conflicts: published.conflicts,
    requests: kept.requests + requests,
  };
  const checkpoint = goesOn && before.checkpoint ? takenUpAgain(before.checkpoint) : null;
  return { ...before, counters, checkpoint: published.closed ? ending(policy, checkpoint) : checkpoint, reason: '' };
}

/** A form that is not the first choice and got nowhere is given up, so that what was refused once is tried again. */
const isFruitful = ({ form, accepted }: Checkpoint, policy: Policy): boolean => accepted || form === firstForm(policy);

/**
 * One request, which also tells the server's clock, and more only to find the organizations that the policy names: by
 * UUID, since the form `org_...` stands on chats alone.
 */
async function lookAtOrganizations(
  activities: Activities,
  { organizationIds, pageSize }: Policy,
): Promise<{ requests: number; serverTime: string | null; warnings: string[] }> {
  const missing = new Set(organizationIds.filter((id) => !id.startsWith('org_')));
  let [requests, serverTime, allowed]: [number, string | null, boolean] = [0, null, true];
  for await (const found of organizationPages(activities, pageSize)) {
    requests += found.requests;
    serverTime ??= found.serverTime;
    allowed &&= found.allowed;
    for (const uuid of found.uuids) missing.delete(uuid.toLowerCase());
    if (found.cursorRefused) missing.clear();
    if (missing.size === 0) break;
  }
  const warnings: string[] = [];
  if (!allowed) {
    warnings.push(
      'the key may not list organizations (403, scope read:compliance_org_data): carrying on with chats only',
    );
  } else if (missing.size > 0) {
    warnings.push(`ORGANIZATION_IDS: the key reaches no organization ${someOf([...missing])}`);
  }
  return { requests, serverTime, warnings };
}

function clockWarnings({ syncedThrough }: State, now: number, serverTime: string | null): string[] {
  const warnings: string[] = [];
  const skewMs = clockSkew(now, serverTime);
  if (Math.abs(skewMs) > SKEW_WARNING_MS) {
    const seconds = Math.round(Math.abs(skewMs) / 1000);
    warnings.push(`the API server's clock is ${seconds} s ${skewMs > 0 ? 'ahead of' : 'behind'} this one`);
  }
  if (serverTime !== null && syncedThrough !== null && Date.parse(serverTime) < Date.parse(syncedThrough)) {
    warnings.push(
      `the API server's clock has gone back behind the timestamp ${syncedThrough}: what is written until it has passed that is missed; once it has, \`chat-sync rewind --to ${serverTime}\` brings it`,
    );
  }
  return warnings;
}

function filterWarnings(policy: Policy, state: State): string[] {
  const warnings: string[] = [];
  if (state.syncedThrough !== null && state.filters !== undefined && state.filters !== policy.filters) {
    warnings.push(
      `the filters changed: they apply from ${state.syncedThrough} on; earlier messages of what was added are not there (\`chat-sync rewind\` brings them)`,
    );
  }
  return warnings;
}

interface Disagreeing {
  policy: Policy;
  state: State;
  requests: number;
  possession: Possession;
  missing: string | null;
}

/** The timestamp and the sink do not fit together: what is so, and which `rewind` mends it. */
function disagreement(
  verdict: 'behind' | 'hole' | 'overtaken' | 'empty' | 'old' | 'given up' | 'lost' | 'foreign' | 'incomplete',
  window: Window,
  held: Window | null,
  { policy: { sink, onChatFailure }, state: { parked }, requests, possession, missing }: Disagreeing,
): ApplicationFailure {
  const { from = '', to = '' } = held ?? {};
  const begins = `but this sync would begin at ${window.from}`;
  // What was parked since is forgotten with the state: only what begins there once more brings it.
  const mayHaveParked = onChatFailure === 'park' || parked.length > 0;
  const onward = mayHaveParked ? '' : `\`chat-sync rewind --to ${to} --skip\` goes on where the sink ends, `;
  const unsaid = mayHaveParked
    ? '; what chats missed that were parked before that comes only from a time before it'
    : '';
  const again = mayHaveParked && Date.parse(window.from) < Date.parse(from) ? window.from : from;
  const message = {
    behind: `the sink ${sink} holds messages through ${to}, ${begins}: ${onward}\`chat-sync rewind --to ${window.from}\` sends what came since once more`,
    hole: `the sink ${sink} holds messages through ${to}, ${begins}: \`chat-sync rewind --to ${to}\` brings the messages between, \`chat-sync rewind --to ${window.from} --skip\` leaves them out${unsaid}`,
    overtaken: `the sink ${sink} is in the middle of ${from} to ${to}, which a later rewind began, ${begins}: \`chat-sync rewind --to ${again}\` begins that again`,
    empty: `the sink ${sink} has no ledger, but everything through ${window.from} was written to it: bring its place back (is the volume there?), or begin a new one there with \`chat-sync rewind --to ${window.from}\`, or earlier to have messages again`,
    old: `the sink ${sink} holds messages through ${to} and nothing since the last rewind, ${begins}: bring its place back (is it the right volume?), or \`chat-sync rewind --to ${to}\` brings what is missing`,
    'given up': `the sink ${sink} knows ${from} to ${to} as given up by a later rewind: \`chat-sync rewind --to ${from}\` reads it again`,
    lost: `the sink ${sink} is not in the place that this source writes to (no archive.json there): bring that back (is the volume there?), or begin a new one with \`chat-sync rewind --to ${window.from}\``,
    foreign: `the sink ${sink} ${held ? `holds messages through ${to}` : 'is in its first window'}, ${begins}: \`chat-sync rewind --to ${to || window.from}\` takes it over there`,
    incomplete: `the sink ${sink} has lost ${missing ?? ''}, or a part of it: bring it back; ${held ? `or \`chat-sync rewind --to ${from}\` sends its window once more, \`chat-sync rewind --to ${to}\` goes on without it` : `or \`chat-sync rewind --to ${window.from}\` begins a new one beside what is there`}`,
  }[verdict];
  const warning =
    possession === 'foreign'
      ? '; its archive.json is of another Temporal, or of this source before it was lost or rewound: make sure first that nothing else writes there'
      : '';
  return ApplicationFailure.nonRetryable(`${message}${warning}`, FailureType.ledgerDisagrees, { requests });
}
