import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What is put up says how it is taken down: the last one goes first. */
export type Undoing = (step: () => Promise<unknown>) => void;

export interface Installation<S, T> {
  /** Of the folder. */
  readonly name: string;
  /** Aborted, everything is taken down. */
  readonly signal: AbortSignal;
  readonly setUp: (folder: string, undoing: Undoing) => Promise<S>;
  readonly work: (stage: S) => Promise<T>;
  /** Whether the folder is left, to look into. */
  readonly keep?: () => boolean;
}

/** Puts an installation up in a folder of its own, works on it, and takes it down, whatever happens. */
export async function withInstallation<S, T>(installation: Installation<S, T>): Promise<T> {
  const { name, signal, setUp, work, keep = () => false } = installation;
  const folder = await mkdtemp(join(tmpdir(), `chat-sync-${name}-`));
  const undo: (() => Promise<unknown>)[] = [];
  const over = new AbortController();
  const aborted = new Promise<never>((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true, signal: over.signal });
  });
  aborted.catch(() => undefined);
  try {
    signal.throwIfAborted();
    const stage = await setUp(folder, (step) => undo.unshift(step));
    signal.throwIfAborted();
    return await Promise.race([work(stage), aborted]);
  } finally {
    over.abort();
    for (const step of undo) await step();
    if (keep()) process.stderr.write(`${name}: everything is left in ${folder}\n`);
    else await rm(folder, { recursive: true, force: true });
  }
}
