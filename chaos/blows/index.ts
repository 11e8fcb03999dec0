import { api } from './api';
import type { Blow } from './blow';
import { deaths } from './deaths';
import { faults } from './faults';
import { moves } from './moves';
import { operators } from './operators';
import { sink } from './sink';

export const BLOWS: readonly Blow[] = [...faults, ...api, ...deaths, ...operators, ...moves, ...sink];
