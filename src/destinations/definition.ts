import type { z } from 'zod';
import type { Destination } from './destination';
import type { ProxySettings } from '../http/connection';

/** What a destination can honestly promise. */
export type Guarantee =
  /** The position is kept in the same transaction as the records. */
  | 'exactly once'
  /** A key makes a repetition harmless there. */
  | 'effectively once'
  /** After a crash what was delivered last may come again (MOST_UNWRITTEN), after a lost answer that batch: who reads tells its records by their id. */
  | 'at least once';

/** What a destination takes at once. */
export interface Limits {
  /** Of the records' own bytes. A part is cut at this many from its start: another limit means other deliveries, and keys. */
  batchBytes: number;
  batchRecords: number;
  /** A longer record is delivered shortened. */
  recordBytes: number;
}

/** Reads a secret: from its variable, or anew from its file. @throws DestinationError if there is none at the moment */
export type Secret = () => Promise<string>;

/** Whose destination it is. */
export interface Setting {
  /** As in DESTINATIONS, as `http:alerts`. */
  name: string;
  /** How its variables begin, as `HTTP_ALERTS_`. */
  prefix: string;
  source: string;
  /** The product's version. */
  build: string;
  proxy: ProxySettings;
  /** Those that are set, by their names without the prefix. */
  secrets: Readonly<Record<string, Secret>>;
}

/** A kind of destination. What it needs of libraries is loaded when one of it is made, and not before. */
export interface Definition<Shape extends z.ZodRawShape = z.ZodRawShape> {
  guarantee: Guarantee;
  /** Absent for one that takes whole parts. */
  limits?: Limits;
  /** Its settings, without the prefix of their names. */
  settings: Shape;
  /** Names of settings that are secrets. Each may be in a file, too, and is never shown. */
  secrets: readonly string[];
  /** What a secret in a variable is expected to be, if it is not that; it is not shown. */
  secretProblem?: (name: string, value: string) => string | undefined;
  /** What is wrong with settings that are right one by one; names are with the prefix. */
  problems?(
    settings: z.output<z.ZodObject<Shape>>,
    setting: Pick<Setting, 'prefix'>,
    secrets: ReadonlySet<string>,
  ): string[];
  create(settings: z.output<z.ZodObject<Shape>>, setting: Setting): Promise<Destination>;
}

/** Keeps the settings' types within the definition; to everybody else they are what its schema says. */
export const define = <Shape extends z.ZodRawShape>(definition: Definition<Shape>): Definition => definition;
