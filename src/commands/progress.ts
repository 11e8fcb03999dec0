import { Presets, SingleBar } from 'cli-progress';
import type { SourceView } from '../domain/source-view';
import type { Source } from '../source';
import type { Progress } from '../workflows/messages';
import { say } from './session';

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
  return { chats, messages, total: chats, more: true, waitingFor };
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

function createBar(): ProgressDisplay {
  const bar = new SingleBar(
    {
      stream: process.stderr,
      format: '{bar} {value}/{of} chats, {messages} messages{waiting}',
      barsize: 24,
      hideCursor: true,
      clearOnComplete: true,
      stopOnComplete: false,
      linewrap: false,
    },
    Presets.shades_classic,
  );
  let started = false;
  const end = (): void => {
    if (started) bar.stop();
    started = false;
  };
  return {
    end,
    show(progress) {
      if (!progress) return;
      const { chats, messages, total, more, waitingFor } = progress;
      const payload = {
        messages,
        of: more ? `${total}+` : total,
        waiting: waitingFor === null ? '' : ` | waiting: ${waitingFor}`,
      };
      if (!started) bar.start(Math.max(1, total), chats, payload);
      started = true;
      bar.setTotal(Math.max(1, total));
      bar.update(chats, payload);
    },
    note(line) {
      end();
      say(line);
    },
  };
}

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
      if (!progress || progress.chats < lastChats || Date.now() - lastAt < LINE_EVERY_MS) return;
      const { chats, messages, total, more, waitingFor } = progress;
      const waiting = waitingFor === null ? '' : `; waiting: ${waitingFor}`;
      const line = `${chats} of ${total}${more ? ' or more' : ''} chats, ${messages} messages${waiting}`;
      if (line !== last) say(line);
      last = line;
      lastChats = chats;
      lastAt = Date.now();
    },
  };
}
