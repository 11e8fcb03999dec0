import { mebibytes, number, percent, type Table } from '../table';
import type { DeliveryResult } from './measure';

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
    ['there / doubled', ({ there }) => `${number(there.distinct)} / ${number(there.records - there.distinct)}`],
  ],
};
