import { api } from './api';
import { clocks } from './clocks';
import { cluster } from './cluster';
import { deaths } from './deaths';
import { destinations } from './destinations';
import type { Fault } from './fault';
import { long } from './long';
import { operators } from './operators';
import { requests } from './requests';
import { rewinds } from './rewinds';
import { archive } from './archive';
import { unreadable } from './unreadable';

/** All faults. The order is part of what a seed determines. */
export const FAULTS: readonly Fault[] = [
  ...requests,
  ...api,
  ...unreadable,
  ...deaths,
  ...cluster,
  ...clocks,
  ...operators,
  ...rewinds,
  ...archive,
  ...destinations,
  ...long,
];
