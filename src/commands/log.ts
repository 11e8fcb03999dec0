import { setTimeout as sleep } from 'node:timers/promises';
import { type AnyLine, type EventLine, isEvent, type LedgerLine, readLog } from '../archive/read/ledger';
import type { Environment } from '../config/environment';
import { archivePlace } from './archive-place';
import { print } from './session';
import { counted } from '../text/counted';

const LOOK_EVERY_MS = 2000;

export interface LogOptions {
  json?: boolean;
  follow?: boolean;
}

/** `log`: prints the lines of the archive's ledger, for people, or as they are; with `follow` those that come, too. */
export async function logCommand(environment: Environment, { json, follow }: LogOptions): Promise<number> {
  const { place } = await archivePlace(environment);
  for (let printed = 0; ; await sleep(LOOK_EVERY_MS)) {
    let number = 0;
    for await (const line of readLog(place)) {
      number += 1;
      if (number > printed) print(json ? JSON.stringify(line) : textOf(line, number));
    }
    printed = Math.max(printed, number);
    if (!follow) return 0;
  }
}

const textOf = (line: AnyLine, number: number): string =>
  [String(number).padStart(5), line.at ?? '-', isEvent(line) ? eventOf(line) : windowOf(line)].join('  ');

function windowOf({ outcome, from, to, chats, records, parts, parked, gone, healed, conflicts }: LedgerLine): string {
  const missed = healed?.filter((chat) => chat.missed).length ?? 0;
  const more = [
    ...count(parked, 'parked'),
    ...count(healed, 'read again'),
    ...(missed > 0 ? [`of these ${missed} that a comparison found`] : []),
    ...count(gone, 'gone'),
    ...count(conflicts, 'with messages in two versions'),
  ];
  return [
    `${outcome}: ${from} to ${to}`,
    `${counted(chats, 'chat')}, ${counted(records, 'record')}, ${counted(parts.length, 'part')}`,
    ...more,
  ].join(', ');
}

const count = (chats: readonly unknown[] | undefined, what: string): string[] =>
  chats && chats.length > 0 ? [`${chats.length} ${what}`] : [];

function eventOf(event: EventLine): string {
  switch (event.event) {
    case 'removed':
      return `removed: the ${counted(event.parts, 'part')} of lines ${event.from} to ${event.through} (ARCHIVE_KEEP)`;
    case 'key':
      return 'key: signed with another key from here on';
    case 'filters':
      return `filters: ${event.filters === null ? 'none' : 'others'} from here on`;
    case 'paused':
      return `paused: ${event.reason || 'no reason given'}`;
    case 'resumed':
      return event.reason === undefined ? 'resumed' : `resumed: ${event.reason}`;
    case 'rewound':
      return `rewound: to ${event.to}, from ${event.from ?? 'nothing'}: ${event.reason || 'no reason given'}`;
    case 'verified':
      return (
        `verified: ${event.what}, ${event.from} to ${event.to}: ${counted(event.compared, 'chat')} compared, ` +
        `${counted(event.missing, 'message')} missing, ${event.doubled} doubled, ${event.different} different`
      );
  }
}
