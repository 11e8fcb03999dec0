import { newState, type State } from '../../src/domain/state';
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
type Request = Parameters<typeof rewind>[1];
const request = (other: Partial<Request> = {}): Request => ({ to: EARLIER, skip: false, reason: 'r', ...other });
const ID = 'an-update';
const NOW = 200;
const unfinished = {
  window: WINDOW,
  checkpoint: null,
  counters: { chats: 1, messages: 2, requests: 3, gone: 0, skipped: 0, violations: 0, conflicts: 0, unexplained: 0 },
  toRetry: [],
  warnings: [],
  reason: '',
};

const rewound = (before: State, now = NOW): State => ({ ...before, ...rewind(before, request(), ID, now) });

describe('validateRewind', () => {
  it.each<[string, State, Request]>([
    ['an earlier time', state(), request()],
    ['the timestamp itself', state(), request({ to: THROUGH })],
    ['a later time, when told to skip', state(), request({ to: LATER, skip: true })],
    ['any time where there is no timestamp yet', state({ syncedThrough: null }), request({ to: LATER })],
    ['an earlier time while a window is unfinished', state({ unfinished }), request()],
    ['the update that was carried out already', state({ rewoundBy: ID }), request({ to: LATER })],
    ['the same while a sync runs', state({ rewoundBy: ID, running: {} }), request()],
  ])('allows %s', (_title, given, asked) => {
    expect(() => validateRewind(given, asked, ID)).not.toThrow();
  });

  it.each<[string, State, Request, RegExp]>([
    ['while a sync runs', state({ running: {} }), request(), /a sync is running/],
    ['to a later time, and names both', state(), request({ to: LATER }), new RegExp(`${LATER}.*${THROUGH}.*--skip`)],
  ])('refuses %s', (_title, given, asked, message) => {
    expect(() => validateRewind(given, asked, ID)).toThrow(message);
  });
});

describe('rewind', () => {
  it.each([
    ["the workflow's clock", 100, 200, 200],
    ['one more, where that is behind, as after a clock that was ahead', 300, 200, 301],
  ])('sets the timestamp, and the epoch to %s', (_title, epoch, now, expected) => {
    expect(rewind(state({ epoch }), request(), ID, now)).toMatchObject({ syncedThrough: EARLIER, epoch: expected });
  });

  it.each([
    [EARLIER, ['chat']],
    [THROUGH, ['chat', '']],
  ])('to %s keeps what is parked, but for items without an id that are listed again', (to, kept) => {
    const parked = ['chat', ''].map((chatId) => ({ chatId, from: EARLIER, to: THROUGH, reason: 'r', since: THROUGH }));
    const next = rewind(state({ parked }), request({ to }), ID, NOW);
    expect(next.parked?.map(({ chatId }) => chatId)).toEqual(kept);
  });

  it('gives up the unfinished window, for the archive to be told', () => {
    expect(rewound(state({ unfinished }))).toMatchObject({ unfinished: undefined, abandoned: WINDOW });
  });

  it('keeps a window that was given up before and that the archive does not know of yet', () => {
    expect(rewound(state({ abandoned: ABANDONED })).abandoned).toEqual(ABANDONED);
  });

  it('has nothing to give up where no window is open', () => {
    expect(rewound(state()).abandoned).toBeUndefined();
  });

  it('keeps what was done for the ledger, and leaves all else as it is', () => {
    const since = '2026-04-02T00:00:00.000Z';
    const parked = [{ chatId: 'chat', from: EARLIER, to: THROUGH, reason: 'r', since }];
    const before = state({ n: 7, filters: 'f', parked, paused: { reason: 'audit', since }, unfinished });
    const { syncedThrough, epoch, rewoundBy, unfinished: _, abandoned, events, ...rest } = rewound(before);
    expect({ syncedThrough, epoch, abandoned }).toEqual({ syncedThrough: EARLIER, epoch: NOW, abandoned: WINDOW });
    expect(rewoundBy).toBe(ID);
    const time = new Date(NOW).toISOString();
    expect(events).toEqual([{ event: 'rewound', id: ID, time, from: THROUGH, to: EARLIER, skip: false, reason: 'r' }]);
    expect(rest).toEqual({ v: 1, source: 's', n: 7, filters: 'f', parked, paused: before.paused, reports: [] });
  });

  it('changes nothing when it is repeated, also after a window was completed', () => {
    const once = rewound(state({ unfinished }));
    for (const later of [once, { ...once, syncedThrough: LATER }]) {
      expect(rewind(later, request(), ID, NOW + 1)).toEqual({});
    }
  });

  it('is another one under another id', () => {
    const once = rewound(state());
    expect(rewind(once, request(), 'another', NOW)).toMatchObject({ syncedThrough: EARLIER, epoch: NOW + 1 });
  });
});
