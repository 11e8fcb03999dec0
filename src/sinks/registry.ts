import { join } from 'node:path';
import { z } from 'zod';
import { createFileSink } from './file';
import type { Sink } from './sink';
import { createStdoutSink } from './stdout';

/** What every sink is told beside its own settings. */
export interface SinkContext {
  source: string;
  dataDir: string;
}

/** A sink: its own environment variables, whose names begin with its name, and how it is made from the environment. */
interface SinkEntry {
  settings: z.ZodObject;
  create(environment: unknown, context: SinkContext): Sink;
}

function defineSink<S extends z.ZodObject>(
  settings: S,
  create: (settings: z.output<S>, context: SinkContext) => Sink,
): SinkEntry {
  return { settings, create: (environment, context) => create(settings.parse(environment), context) };
}

/** Every sink there is. A new one is a file beside this, a line here, and a test file that runs `testSink`. */
export const sinks = {
  file: defineSink(z.object({ FILE_DIR: z.string().min(1).optional() }), ({ FILE_DIR }, { source, dataDir }) =>
    createFileSink({ dir: FILE_DIR ?? join(dataDir, 'messages'), source }),
  ),
  stdout: defineSink(z.object({}), () => createStdoutSink({ stream: process.stdout })),
} satisfies Record<string, SinkEntry>;

export type SinkName = keyof typeof sinks;

export const sinkNames = Object.keys(sinks).filter((name): name is SinkName => name in sinks);
