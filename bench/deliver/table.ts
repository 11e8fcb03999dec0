import { mebibytes, number, percent, type Table } from '../table';
import type { DeliveryResult } from './measure';
import type { OutageResult } from './outage';
import type { There } from './targets/target';

/** Beside each promise: what the machine allows, with nothing but the library. */
export const deliveryTable: Table<DeliveryResult> = {
  title:
    'A destination that is added to an archive (aims: 70 % of a plain loop or more; a worker below 400 MB; no request to the API)',
  columns: [
    ['destination', ({ name }) => `\`${name}\``],
    ['records', ({ records }) => number(records)],
    ['seconds', ({ seconds }) => number(seconds, 1)],
    ['records/s', ({ records, seconds }) => number(records / seconds)],
    ['plain loop, records/s', ({ records, plainSeconds }) => number(records / plainSeconds)],
    ['of it', ({ seconds, plainSeconds }) => percent(plainSeconds / seconds)],
    ['worker, peak memory', ({ peakMemoryBytes }) => mebibytes(peakMemoryBytes)],
    ['API requests', ({ apiRequests }) => number(apiRequests)],
    ['there / doubled', ({ there }) => counted(there)],
  ],
};

export const outageTable: Table<OutageResult> = {
  title:
    'A sync with two destinations, of which PostgreSQL is down until it has ended (aims: the fewest requests; nothing missing or doubled; nothing for idle windows)',
  columns: [
    ['messages', ({ messages }) => number(messages)],
    ['without destinations, s', ({ secondsAlone }) => number(secondsAlone, 1)],
    ['with both, s', ({ seconds }) => number(seconds, 1)],
    ['API requests / fewest possible', (result) => `${number(result.requests)} / ${number(result.fewestRequests)}`],
    ['`http` had everything after, s', ({ upSeconds }) => number(upSeconds, 1)],
    ['there / doubled', ({ up }) => counted(up)],
    ['`postgres`, after its return, s', ({ returnedSeconds }) => number(returnedSeconds, 1)],
    ['there / doubled', ({ returned }) => counted(returned)],
    ['idle windows', ({ idleWindows }) => number(idleWindows)],
    [
      'their lines / requests / rows',
      ({ idleLines, idleRequests, idleRecords }) =>
        [idleLines, idleRequests, idleRecords].map((one) => number(one)).join(' / '),
    ],
  ],
};

const counted = ({ records, distinct }: There): string => `${number(distinct)} / ${number(records - distinct)}`;
