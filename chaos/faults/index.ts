import { api } from './api';
import type { Fault } from './fault';
import { clocks } from './clocks';
import { deaths } from './deaths';
import { long } from './long';
import { rewinds } from './rewinds';
import { operators } from './operators';
import { requests } from './requests';
import { sink } from './sink';
import { unreadable } from './unreadable';

/** All faults. The order is part of what a seed determines. */
export const FAULTS: readonly Fault[] = [
  ...requests,
  ...api,
  ...unreadable,
  ...deaths,
  ...clocks,
  ...operators,
  ...rewinds,
  ...sink,
  ...long,
];
