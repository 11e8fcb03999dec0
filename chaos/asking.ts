import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { Random } from '../simulator/random';
import type { Cli } from './cli';

const LONGEST_PAUSE_MS = 1500;

const answerSchema = z.object({
  outcome: z.enum(['completed', 'failed', 'refused']),
  from: z.string().nullable(),
  to: z.string().nullable(),
  parked: z.number(),
  reason: z.string().optional(),
});
export type Answer = z.infer<typeof answerSchema>;

/** Runs `sync --json`. Returns null if Temporal was unavailable. @throws Error if exit code and outcome disagree. */
export async function askOnce(cli: Cli): Promise<Answer | null> {
  const { code, stdout } = await cli.run(['sync', '--json']);
  if (stdout.trim() === '') return null;
  const answer = answerSchema.parse(JSON.parse(stdout));
  if ((code === 0) !== (answer.outcome === 'completed')) throw new Error(`sync ${answer.outcome} exits ${code ?? '?'}`);
  return answer;
}

export interface Asked {
  completed: number;
  refused: number;
  /** Failures by error type. */
  failed: Map<string, number>;
  /** Requests that got no report because Temporal was unavailable. */
  unanswered: number;
}

/** A client that requests syncs without a break. */
export interface Asking {
  readonly asked: Asked;
  /** Counts an answer that another client got. */
  note(answer: Answer | null): void;
  /** Resolves when the last request has ended. */
  stop(): Promise<void>;
}

/** Starts the client; it pauses up to 1.5 s between requests. */
export function keepAsking(cli: Cli, random: Random): Asking {
  const asked: Asked = { completed: 0, refused: 0, failed: new Map(), unanswered: 0 };
  let stopping = false;

  function note(answer: Answer | null): void {
    if (answer === null) asked.unanswered += 1;
    else if (answer.outcome !== 'failed') asked[answer.outcome] += 1;
    else {
      const kind = answer.reason?.split(':')[0] ?? '';
      asked.failed.set(kind, (asked.failed.get(kind) ?? 0) + 1);
    }
  }

  async function loop(): Promise<void> {
    while (!stopping) {
      note(await askOnce(cli));
      await sleep(random.int(0, LONGEST_PAUSE_MS));
    }
  }
  const ended = loop();
  ended.catch(() => undefined);
  return {
    asked,
    note,
    stop() {
      stopping = true;
      return ended;
    },
  };
}
