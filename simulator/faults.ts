import { createRandom, type Random } from './random';

/** The kinds of faults of an answer. */
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
 * `500-no-retry` and `503-no-retry` tell the client not to retry. `429` has a `retry-after`, `429-bare` has none.
 * `reset` closes the connection before the answer, `cut-body` half-way through it, `wrong-length` after the whole body,
 * whose announced length is larger. `cut-json` is a complete response with half of the JSON. `no-headers` never
 * answers; `drip` sends white space for ever. `gzip` is the healthy answer, compressed unasked. `huge` is 100 MiB of
 * JSON. `200-html` is a login page. `400`, `403` and `404` refuse one request; this `404` is the one that a request
 * without a key gets.
 */
export type FaultKind = (typeof FAULT_KINDS)[number];

/** Faults that tell the client not to retry. */
const LASTING: readonly FaultKind[] = ['500-no-retry', '503-no-retry', '400', '403', '404'];

/** Faults that a retry may overcome. */
export const PASSING_FAULT_KINDS: readonly FaultKind[] = FAULT_KINDS.filter((kind) => !LASTING.includes(kind));

/** Faults that end only with the client's timeout. */
export const HANGING_FAULT_KINDS: readonly FaultKind[] = ['no-headers', 'drip'];

/** A fault for requests of a chat's messages, or of matching decoded paths. */
export type TargetedFault = {
  readonly kind: FaultKind;
  /** How many requests fail; default 1, may be Infinity. */
  readonly times?: number;
} & ({ readonly chatId: string; readonly path?: never } | { readonly path: RegExp; readonly chatId?: never });

export interface FaultOptions {
  /** The share of requests that fail at random, 0 to 1. */
  readonly rate?: number | undefined;
  /** Default: `PASSING_FAULT_KINDS`. */
  readonly kinds?: readonly FaultKind[] | undefined;
  readonly seed?: string | number | undefined;
  /** Limits random faults to the paths it accepts; targeted faults ignore it. */
  readonly only?: ((path: string) => boolean) | undefined;
  readonly targets?: readonly TargetedFault[] | undefined;
  /** The `location` of `redirect`. */
  readonly redirectTo?: string | undefined;
  /** The `retry-after` of `429`; default 1. */
  readonly retryAfterSeconds?: number | undefined;
}

/** Decides which requests fail and how; the seed and the requests determine the faults. */
export class FaultSwitch {
  private readonly random: Random;
  private readonly left: Map<TargetedFault, number>;

  constructor(readonly options: FaultOptions = {}) {
    this.random = createRandom(`faults ${options.seed ?? 1}`);
    this.left = new Map(options.targets?.map((target) => [target, target.times ?? 1]));
  }

  /** The fault for the next request to this decoded path. */
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
