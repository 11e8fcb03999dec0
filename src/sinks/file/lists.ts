import { join } from 'node:path';
import { SinkError, type Window } from '../sink';
import { hasCode } from './errors';
import type { Files } from './files';
import { STAGING, windowFolder, windowOf } from './layout';
import { type List, listSchema, newState, take, type WindowState } from './window-state';

const KEPT_WINDOWS = 4;

export type Lists = ReturnType<typeof createLists>;

/**
 * The lists of each window, numbered without a gap. A list is created whole and exclusively, and never changes: that
 * orders what all workers do, and lets each list be read once.
 */
export function createLists(files: Files, source: string) {
  const staging = join(files.root, source, STAGING);
  const states = new Map<string, WindowState>();

  function stateOf(window: Window): WindowState {
    const key = windowFolder(window);
    let state = states.get(key);
    if (state === undefined) {
      state = newState();
      states.set(key, state);
      for (const oldest of [...states.keys()].slice(0, -KEPT_WINDOWS)) states.delete(oldest);
    }
    return state;
  }

  function listPath(window: Window, number: number): string {
    return join(staging, windowFolder(window), `list-${String(number).padStart(6, '0')}.json`);
  }

  /** Reads the lists that are new. @param passOver Counts those that are damaged, and reads all of them anew. */
  async function read(window: Window, passOver = false): Promise<WindowState> {
    const state = passOver ? newState() : stateOf(window);
    while (state.closing === null) {
      const number = state.count + 1;
      const path = listPath(window, number);
      const text = await files.readText(path);
      if (text === null) break;
      const list = parseList(text);
      // Another call may have read it meanwhile.
      if (state.count >= number) continue;
      if (list !== null) take(state, list);
      else if (passOver) {
        state.count += 1;
        state.unreadable += 1;
      } else throw unreadable(path, window);
    }
    return state;
  }

  function unreadable(path: string, { from }: Window): SinkError {
    return new SinkError(
      'LIST_UNREADABLE',
      `${files.nameOf(path)} is damaged, so that what the window has published is not known: restore it. If it is gone for good, ` +
        `cancel the workflow chat-sync/${source}, then \`chat-sync rewind --to ${from}\` gives the window up with what can be read.`,
    );
  }

  /** Adds a list; false if another worker's has this number, which may be the closing one. */
  async function add(window: Window, number: number, list: List): Promise<boolean> {
    return files.claim(listPath(window, number), JSON.stringify(list));
  }

  /** Windows with lists. */
  async function windows(): Promise<Window[]> {
    const names = await files.fs.readdir(staging).catch((error: unknown) => {
      if (hasCode(error, 'ENOENT')) return [];
      throw error;
    });
    const found = names.map(windowOf).filter((window) => window !== null);
    const listed = await Promise.all(found.map((window) => files.exists(listPath(window, 1))));
    return found.filter((_, index) => listed[index]);
  }

  /** Reads everything anew. @param window Of this window only. */
  function forget(window?: Window): void {
    if (window === undefined) states.clear();
    else states.delete(windowFolder(window));
  }

  return { read, add, windows, forget };
}

/** Null for a list that is damaged. */
function parseList(text: string): List | null {
  try {
    return listSchema.parse(JSON.parse(text));
  } catch {
    return null;
  }
}
