import { newState, type State } from '../../src/state';
import type { RewindRequest } from '../../src/workflows/messages';
import { rewind, validateRewind } from '../../src/workflows/rewind';

const THROUGH = '2026-04-08T12:00:00.000Z';
const EARLIER = '2026-04-01T00:00:00.000Z';
const LATER = '2026-04-09T00:00:00.000Z';
const WINDOW = { epoch: 100, from: THROUGH, to: LATER };
const ABANDONED = { epoch: 50, from: EARLIER, to: THROUGH };

const state = (other: Partial<State> = {}): State => ({
  ...newState('s'),
  epoch: 100,
  syncedThrough: THROUGH,
  ...other,
});
const request = (other: Partial<RewindRequest> = {}): RewindRequest => ({
  to: EARLIER,
  skip: false,
  reason: 'a test',
  epoch: 200,
  ...other,
});
const unfinished = {
  window: WINDOW,
  checkpoint: null,
  counters: { chats: 1, messages: 2, requests: 3, gone: 0, skipped: 0, violations: 0, conflicts: 0, unexplained: 0 },
  toRetry: [],
  warnings: [],
  reason: '',
};

describe('validateRewind', () => {
  it.each<[string, State, RewindRequest]>([
    ['an earlier time', state(), request()],
    ['the timestamp itself', state(), request({ to: THROUGH })],
    ['a later time, when told to skip', state(), request({ to: LATER, skip: true })],
    ['any time where there is no timestamp yet', state({ syncedThrough: null }), request({ to: LATER })],
    ['an earlier time while a window is unfinished', state({ unfinished }), request()],
    ['the request that was carried out already', state(), request({ to: THROUGH, epoch: 100 })],
    ['the same while a sync runs', state({ running: {} }), request({ to: THROUGH, epoch: 100 })],
    ['one epoch more', state(), request({ epoch: 101 })],
  ])('allows %s', (_title, given, asked) => {
    expect(() => validateRewind(given, asked)).not.toThrow();
  });

  it.each<[string, State, RewindRequest, RegExp]>([
    ['while a sync runs', state({ running: {} }), request(), /a sync is running/],
    ['to a later time, and names both', state(), request({ to: LATER }), new RegExp(`${LATER}.*${THROUGH}.*--skip`)],
    [
      'by an older request, and says when the newer one was',
      state(),
      request({ epoch: 99 }),
      /1970-01-01T00:00:00.100Z/,
    ],
    ['by an older request, also with skip', state(), request({ epoch: 99, skip: true }), /rewound later/],
    ['to another time under the same epoch', state(), request({ epoch: 100 }), /rewound later/],
    ['by an older request where there is no timestamp', state({ syncedThrough: null }), request({ epoch: 1 }), /later/],
  ])('refuses %s', (_title, given, asked, message) => {
    expect(() => validateRewind(given, asked)).toThrow(message);
  });
});

describe('rewind', () => {
  it('sets the timestamp and the epoch', () => {
    expect(rewind(state(), request())).toMatchObject({ syncedThrough: EARLIER, epoch: 200 });
  });

  it('gives up the unfinished window, for the sink to be told', () => {
    const changed = { ...state({ unfinished }), ...rewind(state({ unfinished }), request()) };
    expect(changed).toMatchObject({ unfinished: undefined, abandoned: WINDOW });
  });

  it('keeps a window that was given up before and that the sink does not know of yet', () => {
    const before = state({ abandoned: ABANDONED });
    expect({ ...before, ...rewind(before, request()) }.abandoned).toEqual(ABANDONED);
  });

  it('has nothing to give up where no window is open', () => {
    expect(rewind(state(), request()).abandoned).toBeUndefined();
  });

  it('leaves all else as it is', () => {
    const since = '2026-04-02T00:00:00.000Z';
    const parked = [{ chatId: 'chat', from: EARLIER, to: THROUGH, reason: 'r', since }];
    const before = state({ n: 7, filters: 'f', parked, paused: { reason: 'audit', since }, unfinished });
    const { syncedThrough, epoch, unfinished: _, abandoned, ...rest } = { ...before, ...rewind(before, request()) };
    expect({ syncedThrough, epoch, abandoned }).toEqual({ syncedThrough: EARLIER, epoch: 200, abandoned: WINDOW });
    expect(rest).toEqual({ v: 1, source: 's', n: 7, filters: 'f', parked, paused: before.paused, reports: [] });
  });

  it('changes nothing when it is repeated', () => {
    const once = { ...state({ unfinished }), ...rewind(state({ unfinished }), request()) };
    expect(() => validateRewind(once, request())).not.toThrow();
    expect(rewind(once, request())).toEqual({});
  });

  it('changes nothing when it is repeated after a window was opened', () => {
    const opened = { ...unfinished, window: { epoch: 200, from: EARLIER, to: THROUGH } };
    const later = state({ syncedThrough: EARLIER, epoch: 200, unfinished: opened });
    expect({ ...later, ...rewind(later, request()) }).toEqual(later);
  });
});
