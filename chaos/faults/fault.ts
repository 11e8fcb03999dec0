import type { Random } from '../../simulator/random';
import type { Asking } from '../asking';
import type { Environment } from '../environment';
import type { Watch } from '../watch';

/** What a fault acts on. */
export interface FaultContext {
  readonly environment: Environment;
  readonly asking: Asking;
  readonly watch: Watch;
  readonly random: Random;
}

/** Faults of kind `long` are injected only if `--only` names them. */
export type Kind = 'requests' | 'api' | 'deaths' | 'operators' | 'archive' | 'destinations' | 'long';

/** A fault that a nemesis injects. */
export interface Fault {
  readonly name: string;
  readonly kind: Kind;
  /** Set if no sync can make progress during the fault. */
  readonly outage?: true;
  /** Whether this machine allows the fault; default true. */
  possible?(environment: Environment): boolean;
  /** Injects the fault and recovers from it. */
  inject(context: FaultContext): Promise<void>;
}

/** Options of a fault with a duration. */
export interface LastingFault extends Pick<Fault, 'kind'> {
  readonly outage: boolean;
  /** The duration, ms. */
  readonly ms: (random: Random) => number;
}

/** A random duration between two numbers of seconds. @returns milliseconds. */
export const seconds = (random: Random, least: number, most: number): number => random.int(least * 1000, most * 1000);
