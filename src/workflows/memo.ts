import { cut, jsonBytes, LONGEST_REASON_BYTES } from '../text/cut';
import type { StoredMemo } from '../domain/memo';
import type { Parked, Report, State } from '../domain/state';
import { condensed } from './checkpoint';

/** Temporal Cloud limits a memo to 40 KB with its envelope: a larger one fails the workflow task, and each update. */
const MEMO_BYTES = 38_000;
/** The parked chats' share: enough for 200, with ids as the API makes them. */
const PARKED_BYTES = 25_000;
const CODE_BYTES = 32;
const BRIEF_BYTES = 200;
const BRIEF_REPORTS = 5;
const WARNING_BYTES = 600;
const WARNINGS_BYTES = 4000;

/**
 * The state for the memo, from which a terminated chain is restarted, and which `status` reads without a worker. If it
 * is too large, the parts that matter least are dropped, but never a parked chat: `fitting` limits those.
 */
export function memoOf({ running, unfinished, parked, ...state }: State): StoredMemo {
  const checkpoint = unfinished?.checkpoint ? condensed(unfinished.checkpoint) : null;
  let memo: StoredMemo = {
    ...state,
    parked: parked.map((chat) => stored(chat, chat.reason)),
    unfinished: unfinished && { ...unfinished, checkpoint, toRetry: [], failing: undefined },
    running: running !== undefined,
  };
  for (const condense of STEPS) {
    if (jsonBytes(memo) <= MEMO_BYTES) break;
    memo = condense(memo);
  }
  return memo;
}

const STEPS: readonly ((memo: StoredMemo) => StoredMemo)[] = [
  (memo) => ({ ...memo, parked: memo.parked.map(brieflyStored) }),
  (memo) => ({
    ...memo,
    witnesses: undefined,
    reports: memo.reports.map((report, i, all) => (i < all.length - 1 ? brief(report) : report)),
  }),
  ({ unfinished, ...memo }) => {
    if (!unfinished) return memo;
    const { checkpoint } = unfinished;
    return {
      ...memo,
      unfinished: { ...unfinished, warnings: [], checkpoint: checkpoint && { ...checkpoint, refusals: [] } },
    };
  },
  // Without a checkpoint the window is walked from its start; chats in the archive are not requested again.
  ({ unfinished, reports, ...memo }) => ({
    ...memo,
    reports: reports.slice(-BRIEF_REPORTS).map(brief),
    unfinished: unfinished && { ...unfinished, checkpoint: null },
  }),
];

/** The chats of `more` for which the memo has room besides the parked ones. */
export function fitting(parked: readonly Parked[], more: readonly Parked[]): Parked[] {
  const bytesOf = (chat: Parked): number => jsonBytes(stored(chat, '')) + CODE_BYTES + 1;
  let bytes = parked.reduce((sum, chat) => sum + bytesOf(chat), 0);
  return more.filter((chat) => {
    const fits = bytes + bytesOf(chat) <= PARKED_BYTES;
    if (fits) bytes += bytesOf(chat);
    return fits;
  });
}

/** Shortens a report for the state: the ids that it quotes may be of any length. */
export function bounded(report: Report): Report {
  const warnings: string[] = [];
  let bytes = 0;
  for (const warning of report.warnings.map((text) => cut(text, WARNING_BYTES))) {
    bytes += jsonBytes(warning);
    if (bytes <= WARNINGS_BYTES) warnings.push(warning);
  }
  const more = report.warnings.length - warnings.length;
  if (more > 0) warnings.push(`and ${more} more warnings`);
  return { ...report, warnings, ...reasonWithin(report, LONGEST_REASON_BYTES) };
}

const brief = ({ failure, ...report }: Report): Report => ({
  ...report,
  warnings: [],
  ...reasonWithin(report, BRIEF_BYTES),
  ...(failure && { failure: { ...failure, chatIds: [] } }),
});

const reasonWithin = ({ reason }: Pick<Report, 'reason'>, bytes: number): Pick<Report, 'reason'> =>
  reason === undefined ? {} : { reason: cut(reason, bytes) };

type StoredParked = StoredMemo['parked'][number];

const stored = ({ chatId, from, to, since, recover }: Parked, reason: string): StoredParked => {
  const chat = [chatId, second(from), second(to), second(since), reason] as const;
  return recover ? [...chat, 1] : [...chat];
};

const brieflyStored = ([chatId, from, to, since, reason, ...recover]: StoredParked): StoredParked => [
  chatId,
  from,
  to,
  since,
  codeOf(reason),
  ...recover,
];

const second = (time: string): number => Math.floor(Date.parse(time) / 1000);

/** The code in a reason's brackets, as `bad-request, status 400`. */
const codeOf = (reason: string): string =>
  cut(/\(([a-z-]+(?:, status \d{3})?)/.exec(reason)?.[1] ?? reason, CODE_BYTES);
