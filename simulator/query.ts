import { ApiError } from './errors';
import { parseRfc3339, type Micros } from './timestamps';

/** The time bounds on one field. */
export interface Bounds {
  readonly gt: Micros | undefined;
  readonly gte: Micros | undefined;
  readonly lt: Micros | undefined;
  readonly lte: Micros | undefined;
}

/** The names of the query parameters that bound a field. */
export function boundNames(field: string): string[] {
  return ['gt', 'gte', 'lt', 'lte'].map((bound) => `${field}.${bound}`);
}

/** Whether a time meets all bounds. */
export function isWithin(time: Micros, bounds: Bounds | undefined): boolean {
  if (!bounds) return true;
  const { gt, gte, lt, lte } = bounds;
  return (
    (gt === undefined || time > gt) &&
    (gte === undefined || time >= gte) &&
    (lt === undefined || time < lt) &&
    (lte === undefined || time <= lte)
  );
}

/** Reads a query string strictly: every method throws ApiError 400 for a malformed value. */
export class Query {
  /** @param known All allowed names; those ending in `[]` may repeat. @throws ApiError 400 for others */
  constructor(
    private readonly parameters: URLSearchParams,
    known: readonly string[],
  ) {
    for (const name of new Set(parameters.keys())) {
      if (!known.includes(name)) throw new ApiError(400, `Unknown query parameter: '${name}'`);
      const values = parameters.getAll(name);
      if (values.length > 1 && !name.endsWith('[]')) throw new ApiError(400, `${name}: given more than once`);
    }
  }

  text(name: string): string | undefined {
    return this.parameters.get(name) ?? undefined;
  }

  /** Default: the first of the values. */
  oneOf<T extends string>(name: string, values: readonly [T, ...T[]]): T {
    const text = this.text(name);
    if (text === undefined) return values[0];
    const value = values.find((candidate) => candidate === text);
    if (value === undefined) throw new ApiError(400, `${name}: must be one of ${values.join(', ')}`);
    return value;
  }

  integer(name: string, min: number, max: number): number | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const value = Number(text);
    if (!/^-?\d+$/.test(text) || value < min || value > max) {
      throw new ApiError(400, `${name}: must be an integer from ${min} to ${max}`);
    }
    return value;
  }

  list(name: string, form: RegExp, atMost = Infinity): string[] {
    const values = this.parameters.getAll(name);
    if (values.length > atMost) throw new ApiError(400, `${name}: at most ${atMost} values`);
    const wrong = values.find((value) => !form.test(value));
    if (wrong !== undefined) throw new ApiError(400, `${name}: ${JSON.stringify(wrong)} is malformed`);
    return values;
  }

  /** The bounds of a field; undefined without any. */
  bounds(field: string): Bounds | undefined {
    const bounds = {
      gt: this.time(`${field}.gt`),
      gte: this.time(`${field}.gte`),
      lt: this.time(`${field}.lt`),
      lte: this.time(`${field}.lte`),
    };
    return Object.values(bounds).some((bound) => bound !== undefined) ? bounds : undefined;
  }

  private time(name: string): Micros | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const time = parseRfc3339(text);
    if (time === undefined) throw new ApiError(400, `${name}: must be an RFC 3339 time`);
    return time;
  }
}
