import { Presets, SingleBar } from 'cli-progress';
import type { SourceView } from '../domain/source-view';
import type { Source } from '../source';
import type { Progress } from '../workflows/messages';
import { duration } from './report';
import { say, setMovable } from './session';
import { counted } from '../text/counted';

/** A sync's progress, and the failure that it waits on. */
export interface SyncProgress extends Progress {
  waitingFor: string | null;
}

/** The progress as the worker knows it, or without a worker as the memo does; null if no sync runs. */
export async function progressOf(source: Source, view: SourceView): Promise<SyncProgress | null> {
  const remembered = progressFromMemo(view);
  return remembered && { ...remembered, ...(await source.progress()) };
}

/** The progress in the memo, which changes at each publish; null if no sync runs. */
export function progressFromMemo({ memo, open, waitingFor }: SourceView): SyncProgress | null {
  if (!open || !memo?.running) return null;
  const { chats = 0, messages = 0 } = memo.unfinished?.counters ?? {};
  return { chats, messages, total: chats, more: true, chatsPerSecond: null, waitingFor };
}

export interface ProgressDisplay {
  show(progress: SyncProgress | null): void;
  note(line: string): void;
  end(): void;
}

/** A bar on a terminal, else a line every few seconds. On stderr: stdout is for data. */
export function createProgressDisplay(): ProgressDisplay {
  return process.stderr.isTTY ? createBar() : createLines();
}

const BAR = Presets.shades_classic;
const BAR_WIDTH = 16;
const USUAL_COLUMNS = 80;

function createBar(): ProgressDisplay {
  const bar = new SingleBar(
    {
      stream: process.stderr,
      // Cut to the terminal's width: a longer one would wrap, and stay.
      format: ({ barCompleteString = '', barIncompleteString = '' }, { progress }, { text }: { text: string }) => {
        const done = Math.round(progress * BAR_WIDTH);
        const drawn = barCompleteString.slice(0, done) + barIncompleteString.slice(0, BAR_WIDTH - done);
        return `${drawn} ${text}`.slice(0, (process.stderr.columns || USUAL_COLUMNS) - 1);
      },
      barsize: BAR_WIDTH,
      hideCursor: true,
      clearOnComplete: true,
      stopOnComplete: false,
      linewrap: false,
    },
    BAR,
  );
  let started = false;
  const clear = (): void => {
    if (started) bar.stop();
    started = false;
  };
  setMovable({ clear });
  return {
    end() {
      clear();
      setMovable(undefined);
    },
    show(progress) {
      if (!progress) return;
      const { chats, total, waitingFor } = progress;
      const text = waitingFor === null ? progressText(progress) : `${countOf(progress)} | ${reasonIn(waitingFor)}`;
      if (!started) bar.start(Math.max(1, total), chats, { text });
      started = true;
      bar.setTotal(Math.max(1, total));
      bar.update(chats, { text });
    },
    note: say,
  };
}

/** How much of how much, how fast, and how long the rest takes, as far as each is known and nothing is waited for. */
export function progressText(progress: SyncProgress): string {
  const { messages, chatsPerSecond, waitingFor } = progress;
  if (waitingFor !== null) return `${countOf(progress)}, ${counted(messages, 'message')}`;
  const rate = chatsPerSecond === null ? '' : `, ${chatsPerSecond.toFixed(1)}/s`;
  const seconds = secondsLeft(progress);
  const left = seconds === null ? '' : `, ${duration(seconds * 1000)} left`;
  return `${countOf(progress)}${rate}${left}, ${counted(messages, 'message')}`;
}

const countOf = ({ chats, total, more }: SyncProgress): string => `${chats} of ${total}${more ? '+' : ''} chats`;

/** Without its type, and the chat that met with it first, which may be any: there is little room. */
const reasonIn = (waitingFor: string): string => waitingFor.replace(/^(\w+: )?(chat \S+: )?/, '');

/** By the pace so far; null while that, or the number of chats, is not known. */
export const secondsLeft = ({ chats, total, more, chatsPerSecond }: SyncProgress): number | null =>
  more || chatsPerSecond === null ? null : Math.round((total - chats) / chatsPerSecond);

const LINE_EVERY_MS = 5000;

function createLines(): ProgressDisplay {
  let last = '';
  let lastChats = 0;
  let lastAt = 0;
  return {
    end: () => undefined,
    note: say,
    show(progress) {
      // Without a worker only the memo's progress is known, which is behind: it is not shown.
      if (!progress || progress.chats < lastChats) return;
      if (Date.now() - lastAt < LINE_EVERY_MS) return;
      const { waitingFor } = progress;
      const line = `${progressText(progress)}${waitingFor === null ? '' : `; waiting: ${waitingFor}`}`;
      if (line !== last) say(line);
      last = line;
      lastChats = progress.chats;
      lastAt = Date.now();
    },
  };
}
