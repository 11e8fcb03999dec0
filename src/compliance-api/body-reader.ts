import type { z } from 'zod';
import type { Bytes } from './bytes';
import type { JsonWatcher } from './json-scanner';
import { conforms, misfitOf } from './schemas';

/** What a body is, or where it is not what was promised. */
export type Reading<P> = { page: P } | { misfit: string };

/** What is made of a body. */
export interface BodyReader<P> {
  /** Told of the body's parts while it comes in. */
  watcher?: JsonWatcher;
  /** Whether what was read so far takes more memory than there is for it. @param values How many there were. */
  isFull(values: number): boolean;
  /** Called once, when all of it is there and JSON. */
  read(): Reading<P>;
}

/** In memory a value takes up to 60 bytes more than in the body. */
const mostValues = 250_000;

/** Parses a body as a whole: for lists, where no number and no unknown field matters. */
export const listReader =
  <S extends z.ZodType>(schema: S) =>
  (bytes: Bytes): BodyReader<z.infer<S>> => ({
    isFull: (values) => values > mostValues,
    read() {
      const json: unknown = JSON.parse(bytes.text());
      return conforms(schema, json) ? { page: json } : { misfit: misfitOf(schema, json) };
    },
  });
