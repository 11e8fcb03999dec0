import { Presets, SingleBar } from 'cli-progress';
import type { Source, SourceView } from '../source';
import { say } from './session';

/** How far a sync is; `more`: the list has further pages, so `total` will grow. */
export interface SyncProgress {
  chats: number;
  messages: number;
  total: number;
  more: boolean;
  waitingFor: string | null;
}

/** Null: no sync runs. */
export async function progressOf(source: Source, view: SourceView): Promise<SyncProgress | null> {
  if (!view.open || !view.memo?.running) return null;
  const { counters, checkpoint } = view.memo.unfinished ?? {};
  const live = await source.progress();
  const { chats, messages } = live ?? { chats: counters?.chats ?? 0, messages: counters?.messages ?? 0 };
  const total = Math.max(chats, (counters?.chats ?? 0) + (checkpoint?.left.length ?? 0));
  return { chats, messages, total, more: checkpoint?.hasMore ?? true, waitingFor: view.waitingFor };
}

export interface ProgressDisplay {
  show(progress: SyncProgress | null): void;
  note(line: string): void;
  end(): void;
}

/** A bar on a terminal, and otherwise a line now and then. On stderr: stdout is for data. */
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
  let lastAt = 0;
  return {
    end: () => undefined,
    note: say,
    show(progress) {
      if (!progress || Date.now() - lastAt < LINE_EVERY_MS) return;
      const { chats, messages, total, more, waitingFor } = progress;
      const waiting = waitingFor === null ? '' : `; waiting: ${waitingFor}`;
      const line = `${chats} of ${total}${more ? ' or more' : ''} chats, ${messages} messages${waiting}`;
      if (line !== last) say(line);
      last = line;
      lastAt = Date.now();
    },
  };
}
