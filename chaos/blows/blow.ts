import type { Random } from '../../simulator/random';
import type { Asking } from '../asking';
import type { Stage } from '../stage';
import type { Watch } from '../watch';

/** What a blow may use. */
export interface Scene {
  readonly stage: Stage;
  readonly asking: Asking;
  readonly watch: Watch;
  readonly random: Random;
}

/** `long` ones are struck only where they are named. */
export type Kind = 'faults' | 'api' | 'deaths' | 'operators' | 'sink' | 'long';

/** Something that goes wrong. */
export interface Blow {
  readonly name: string;
  readonly kind: Kind;
  /** No sync can go on while it lasts. */
  readonly stops?: true;
  /** Whether it can be done here. */
  possible?(stage: Stage): boolean;
  /** Does it, and undoes it. */
  strike(scene: Scene): Promise<void>;
}

/** Of a blow that lasts. */
export interface Lasting extends Pick<Blow, 'kind'> {
  readonly stops: boolean;
  readonly ms: (random: Random) => number;
}

/** Milliseconds. */
export const seconds = (random: Random, least: number, most: number): number => random.int(least * 1000, most * 1000);
