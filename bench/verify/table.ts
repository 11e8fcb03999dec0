import type { ComparisonResult } from './compare';
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

export const comparisonTable: Table<ComparisonResult> = {
  title: '`chat-sync verify` against the API, without a limit of the rate: requests / seconds',
  columns: [
    ['scenario', ({ name }) => `\`${name}\``],
    ['chats', ({ chats }) => number(chats)],
    ['messages', ({ messages }) => number(messages)],
    ['sync', ({ sync }) => `${number(sync.requests)} / ${number(sync.seconds, 1)}`],
    ['`--chats`', ({ census }) => `${number(census.requests)} / ${number(census.seconds, 1)}`],
    ['every message', ({ comparison }) => `${number(comparison.requests)} / ${number(comparison.seconds, 1)}`],
  ],
};
