import { mebibytes, number, type Table } from '../table';
import type { VerificationResult } from './measure';

export const verificationTable: Table<VerificationResult> = {
  title: '`chat-sync verify --archive` (aims: 200 MB/s; memory the same, whatever the archive)',
  columns: [
    ['scenario', ({ name }) => `\`${name}\``],
    ['messages', ({ records }) => number(records)],
    ['archive, MB', ({ bytes }) => number(bytes / 1e6)],
    ['seconds', ({ seconds }) => number(seconds, 1)],
    ['MB/s', ({ bytes, seconds }) => number(bytes / 1e6 / seconds)],
    ['messages/s', ({ records, seconds }) => number(records / seconds)],
    ['peak memory', ({ peakMemoryBytes }) => mebibytes(peakMemoryBytes)],
  ],
};
