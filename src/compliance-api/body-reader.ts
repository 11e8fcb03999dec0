import type { z } from 'zod';
import type { Bytes } from './bytes';
import type { JsonWatcher } from './json-scanner';
import { PageIndex, type Span } from './page-index';
import { conforms, misfitOf } from './schemas';

/** The parsed body, or the path at which it is not what was promised. */
export type Reading<P> = { page: P } | { misfit: string };

/** Turns a body into a page. */
export interface BodyReader<P> {
  /** Told of the body's parts as they arrive. */
  watcher?: JsonWatcher;
  /** Whether the body would take too much memory. @param values How many JSON values have begun so far. */
  isFull(values: number): boolean;
  /** Called once, when the body is complete and valid JSON. */
  read(): Reading<P>;
}

/** A parsed value takes up to 60 bytes more than in the body. */
const mostValues = 250_000;

/** Parses a small body as a whole. */
export const jsonReader = (bytes: Bytes): BodyReader<unknown> => ({
  isFull: (values) => values > mostValues,
  read: () => ({ page: JSON.parse(bytes.text()) }),
});

/** Parses a list item by item, and only the schema's other fields: as a whole it would take a multiple in memory. */
export const listReader =
  <S extends z.ZodObject>(schema: S) =>
  (bytes: Bytes): BodyReader<z.infer<S>> => {
    const index = new PageIndex(bytes, 'data', Object.keys(schema.shape));
    const parsed = ({ from, to }: Span): unknown => JSON.parse(bytes.text(from, to));
    return {
      watcher: index,
      isFull: (values) => values > mostValues,
      read() {
        if (!index.isObject) return { misfit: 'the whole' };
        const data = index.hasItems && Array.from({ length: index.itemCount }, (_, item) => parsed(index.item(item)));
        const fields = [...index.fields]
          .filter(([name]) => name !== 'data')
          .map(([name, span]) => [name, parsed(span)]);
        const json: unknown = { ...Object.fromEntries(fields), data };
        return conforms(schema, json) ? { page: json } : { misfit: misfitOf(schema, json) };
      },
    };
  };
