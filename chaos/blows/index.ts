import { api } from './api';
import type { Blow } from './blow';
import { clocks } from './clocks';
import { deaths } from './deaths';
import { faults } from './faults';
import { long } from './long';
import { moves } from './moves';
import { operators } from './operators';
import { sink } from './sink';
import { unreadable } from './unreadable';

export const BLOWS: readonly Blow[] = [
  ...faults,
  ...api,
  ...unreadable,
  ...deaths,
  ...clocks,
  ...operators,
  ...moves,
  ...sink,
  ...long,
];
