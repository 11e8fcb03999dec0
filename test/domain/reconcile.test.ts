import { disagreementText } from '../../src/domain/disagreement';
import { reconcile, type Circumstances, type Decision, type Ledger } from '../../src/domain/reconcile';
import type { Policy } from '../../src/config/policy';
import { newState, type State, type Unfinished } from '../../src/domain/state';
import type { Window } from '../../src/domain/window';

const day = (n: number): string => `2026-04-0${n}T00:00:00.000Z`;
const window = (from: number, to: number, epoch = 1): Window => ({ epoch, from: day(from), to: day(to) });
const policy = { backfillStart: day(1), settleSeconds: 0, onChatFailure: 'fail' } as Policy;

/** A source in its second epoch that has everything through the third day, in this archive. */
const settled: State = {
  ...newState('s'),
  epoch: 1,
  syncedThrough: day(3),
  archive: { id: 'a', held: true },
  completed: true,
};
const ledger: Ledger = { last: window(2, 3), unfinished: [], archive: 'a', missing: null, altered: false };
const circumstances: Circumstances = { possession: 'ours', now: Date.parse(day(5)), serverTime: null };
const unfinished = (left: Window): Unfinished => ({
  window: left,
  checkpoint: null,
  counters: { chats: 0, messages: 0, requests: 0, gone: 0, skipped: 0, violations: 0, conflicts: 0, unexplained: 0 },
  toRetry: [],
  warnings: [],
  reason: '',
});
/** What differs from a source and an archive that agree. */
interface Case {
  state?: Partial<State>;
  ledger?: Partial<Ledger>;
  circumstances?: Partial<Circumstances>;
}
const decide = (given: Case): Decision =>
  reconcile({ ...settled, ...given.state }, { ...ledger, ...given.ledger }, policy, {
    ...circumstances,
    ...given.circumstances,
  });
const next = { ...window(3, 5), archive: 'a' };

test.each<[string, Case]>([
  ['the ledger ends where the state does', {}],
  [
    'the ledger is of an earlier epoch, as after a rewind',
    { state: { completed: undefined }, ledger: { last: window(1, 9, 0) } },
  ],
  [
    'the ledger of before the rewind was changed',
    { state: { completed: undefined }, ledger: { last: window(1, 9, 0), altered: true } },
  ],
  [
    'a part of a window before the rewind is missing',
    { state: { completed: undefined }, ledger: { last: window(1, 9, 0), missing: 'p' } },
  ],
])('a window begins at the timestamp where %s', (_title, given) => {
  expect(decide(given)).toEqual({ kind: 'begin', window: next, abandon: [], isFirstHere: false });
});

test('an archive that is new to the source begins there, and says so', () => {
  const decision = decide({ state: { completed: undefined }, ledger: { last: null } });
  expect(decision).toMatchObject({ kind: 'begin', window: next, isFirstHere: true });
});

test.each([
  ['has passed', { now: Date.parse(day(3)) + 999 }],
  ["has passed on the server's clock", { serverTime: day(2) }],
])('there is nothing to do while no whole second %s', (_title, passed) => {
  expect(decide({ circumstances: passed })).toEqual({ kind: 'nothing' });
});

describe('a window that an earlier sync left', () => {
  const left = window(3, 4);

  test('is taken up, whatever the clock says', () => {
    const given = { state: { unfinished: unfinished(left) }, circumstances: { now: 0 } };
    expect(decide(given)).toMatchObject({ kind: 'resume', window: left, unfinished: unfinished(left) });
  });
  test('is taken up where the ledger has it as completed', () => {
    expect(decide({ state: { unfinished: unfinished(left) }, ledger: { last: left } })).toMatchObject({
      kind: 'resume',
    });
  });
  test('is taken up where only the archive remembers it, since the state was reset', () => {
    expect(decide({ ledger: { unfinished: [left] } })).toMatchObject({
      kind: 'resume',
      window: left,
      unfinished: null,
    });
  });
  test('waits for its place where that is not there', () => {
    const given = { state: { unfinished: unfinished(left) }, circumstances: { possession: 'lost' as const } };
    expect(decide(given)).toMatchObject({ kind: 'resume' });
  });
  test('is abandoned where it is of an earlier epoch, or begins before; but for those that are abandoned already', () => {
    const [older, earlier, given] = [window(7, 8, 0), window(1, 4), window(2, 4)];
    const later = window(6, 7);
    const decision = decide({ state: { abandoned: given }, ledger: { unfinished: [older, earlier, given, later] } });
    expect(decision).toMatchObject({ kind: 'begin', window: next, abandon: [older, earlier] });
  });
});

test.each<[string, Case, Window | null]>([
  ['behind', { ledger: { last: window(3, 4) } }, window(3, 4)],
  ['behind', { ledger: { last: window(2, 3, 2) } }, window(2, 3, 2)],
  ['hole', { ledger: { last: window(1, 2) } }, window(1, 2)],
  ['overtaken', { ledger: { unfinished: [window(1, 2, 2)] } }, window(1, 2, 2)],
  ['empty', { ledger: { last: null } }, null],
  ['old', { ledger: { last: window(1, 9, 0) } }, window(1, 9, 0)],
  ['lost', { circumstances: { possession: 'lost' } }, window(2, 3)],
  ['foreign', { circumstances: { possession: 'foreign' } }, window(2, 3)],
  [
    'foreign',
    { state: { unfinished: unfinished(window(3, 4)) }, circumstances: { possession: 'foreign' } },
    window(2, 3),
  ],
  ['incomplete', { ledger: { missing: 'messages/p.ndjson' } }, window(2, 3)],
  ['altered', { ledger: { altered: true } }, window(2, 3)],
])('it refuses where state and archive do not fit together: %s', (why, given, held) => {
  const decision = decide(given);

  expect(decision).toMatchObject({ kind: 'refuse', why, held });
  // What is so, and the command that mends it.
  if (decision.kind !== 'refuse') throw new Error('it was expected to refuse');
  const facts = { policy, parked: [], possession: 'ours' as const, missing: 'messages/p.ndjson' };
  const text = disagreementText(decision.why, decision.window, held, facts);
  expect(text).toMatch(/^the archive .*`chat-sync rewind --to 2026-04-0\dT00:00:00.000Z(`| --skip`)/);
});
