import { createRandom, type Random } from './random';

/** Everything that can go wrong between a server and its client. */
export const FAULT_KINDS = [
  '500',
  '500-no-retry',
  '502-html',
  '503',
  '504',
  '529',
  '429',
  '429-bare',
  'reset',
  'cut-body',
  'wrong-length',
  'cut-json',
  'other-shape',
  'no-headers',
  'drip',
  'redirect',
  'gzip',
  'huge',
  '200-html',
  '503-no-retry',
  '400',
  '403',
  '404',
] as const;

/**
 * `500-no-retry` says it fails for ever; `429` comes with `retry-after`, `429-bare` without; `reset`
 * closes before the answer, `cut-body` half-way through it, `wrong-length` after a whole body that was
 * announced as longer; `cut-json` is a well-formed answer whose JSON ends half-way; `no-headers` never
 * answers; `drip` answers a byte at a time, for ever; `gzip` is the right answer, compressed though
 * nobody asked; `huge` is 100 MB of JSON; `200-html` is a login page. `400`, `403` and the bare `404`, as for a request without
 * a key, are refusals of one request.
 */
export type FaultKind = (typeof FAULT_KINDS)[number];

/** What says of itself that it comes again. */
const LASTING: readonly FaultKind[] = ['500-no-retry', '503-no-retry', '400', '403', '404'];

/** Faults that go away when the request is repeated. */
export const PASSING_FAULT_KINDS: readonly FaultKind[] = FAULT_KINDS.filter((kind) => !LASTING.includes(kind));

/** Faults that leave the client waiting until it gives up by itself. */
export const HANGING_FAULT_KINDS: readonly FaultKind[] = ['no-headers', 'drip'];

/** A fault for certain requests: those for a chat's messages, or whose decoded path matches. */
export type TargetedFault = {
  readonly kind: FaultKind;
  /** Default 1; Infinity is for ever. */ readonly times?: number;
} & ({ readonly chatId: string; readonly path?: never } | { readonly path: RegExp; readonly chatId?: never });

export interface FaultOptions {
  /** The share of requests that fail at random, 0 to 1. */
  readonly rate?: number | undefined;
  /** Default: `PASSING_FAULT_KINDS`. */
  readonly kinds?: readonly FaultKind[] | undefined;
  readonly seed?: string | number | undefined;
  /** Spares the requests whose path it refuses; targeted faults do not ask. */
  readonly only?: ((path: string) => boolean) | undefined;
  readonly targets?: readonly TargetedFault[] | undefined;
  /** Where `redirect` points to. */
  readonly redirectTo?: string | undefined;
  /** What `429` says in `retry-after`; default 1. */
  readonly retryAfterSeconds?: number | undefined;
}

/** Decides which requests fail, and how: the same seed and requests, the same faults. */
export class FaultSwitch {
  private readonly random: Random;
  private readonly left: Map<TargetedFault, number>;

  constructor(readonly options: FaultOptions = {}) {
    this.random = createRandom(`faults ${options.seed ?? 1}`);
    this.left = new Map(options.targets?.map((target) => [target, target.times ?? 1]));
  }

  /** The fault for the next request to this (decoded) path. */
  next(path: string): FaultKind | undefined {
    for (const [target, left] of this.left) {
      const hit = target.path ? target.path.test(path) : path.endsWith(`/chats/${target.chatId}/messages`);
      if (!hit || left <= 0) continue;
      this.left.set(target, left - 1);
      return target.kind;
    }
    const { rate = 0, kinds = PASSING_FAULT_KINDS, only = () => true } = this.options;
    if (rate === 0 || !only(path) || !this.random.chance(rate)) return undefined;
    return this.random.pick(kinds);
  }
}
