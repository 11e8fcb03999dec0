import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { basename } from 'node:path';
import { forkModule, type ForkOptions } from './child';

/** A child process that answers questions in order. */
export interface Dialogue {
  readonly child: ChildProcess;
  /** The child's first message. */
  readonly ready: unknown;
  /** @throws Error if the child has exited */
  readonly ask: (question: string | object) => Promise<unknown>;
}

/** Forks a module that calls {@link answer}. @throws Error if it exits before its first message */
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

/** In the child: the spec that `startDialogue` was called with. */
export const spec = (): unknown => JSON.parse(process.argv[2] ?? '{}');

/** In the child: sends `ready` and answers questions until SIGTERM or the parent's death. */
export function answer(ready: object, reply: (question: unknown) => unknown): void {
  process.on('message', (question) => void Promise.resolve(reply(question)).then((said) => process.send?.(said)));
  process.on('SIGTERM', () => process.exit(0));
  process.on('disconnect', () => process.exit(0));
  process.send?.(ready);
}
