import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { basename } from 'node:path';
import { forkModule, type ForkOptions } from './child';

/** A module of ours in a process of its own, which answers one question after the other. */
export interface Dialogue {
  readonly child: ChildProcess;
  /** What it began with. */
  readonly ready: unknown;
  /** @throws Error if it has ended */
  readonly ask: (question: string | object) => Promise<unknown>;
}

/** Starts a module that calls {@link answer}. */
export async function startDialogue(module: string, spec: object, options: ForkOptions): Promise<Dialogue> {
  const child = forkModule(module, { ...options, args: [JSON.stringify(spec)] });
  const dead = once(child, 'exit').then(() => Promise.reject(new Error(`${basename(module)} has ended`)));
  dead.catch(() => undefined);
  const message = (): Promise<unknown> =>
    Promise.race([new Promise((resolve) => child.once('message', resolve)), dead]);
  const ready = await message();
  let last: Promise<unknown> = Promise.resolve();
  return {
    child,
    ready,
    ask(question) {
      const answer = last.then(() => {
        child.send(question);
        return message();
      });
      last = answer.catch(() => undefined);
      return answer;
    },
  };
}

/** What the process was started with. */
export const spec = (): unknown => JSON.parse(process.argv[2] ?? '{}');

/** Says that the process is ready, and answers from then on, until it is ended or the one that asks has died. */
export function answer(ready: object, reply: (question: unknown) => unknown): void {
  process.on('message', (question) => void Promise.resolve(reply(question)).then((said) => process.send?.(said)));
  process.on('SIGTERM', () => process.exit(0));
  process.on('disconnect', () => process.exit(0));
  process.send?.(ready);
}
