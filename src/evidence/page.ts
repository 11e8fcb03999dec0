import type { EventLine } from '../archive/folder/ledger-line';
import { code } from '../text/markdown';
import { printable } from '../text/printable';
import type { Evidence } from './evidence';
import type { AskedFor, WindowEvidence } from './windows';
import { counted } from '../text/counted';

/** Of lists that may be long; JSON has all of it. */
const MOST_ROWS = 50;
const MOST_IDS = 20;

/** Facts about the file in which the whole is, as JSON. */
export interface Details {
  name: string;
  sha256: string;
}

/** The page that a person signs, in Markdown. @param details Null: no such file is made with it. */
export function pageOf(evidence: Evidence, details: Details | null): string {
  const { source, verification, messages, notCounted } = evidence;
  const windows = evidence.windows.filter(({ outcome }) => outcome === 'completed');
  return [
    `# Evidence of the chat archive ${code(source)}`,
    facts(evidence, details),
    ...(verification.right ? [] : ['**The archive is not what was written: see "What is wrong" below.**']),
    '## How to check it',
    howToCheck(evidence),
    ...(verification.findings.length > 0 ? [`## What is ${verification.right ? 'to be known' : 'wrong'}`] : []),
    list(
      verification.findings.map(
        ({ grade, where, says, remedy }) => `${grade}: ${where} ${says}${remedy && `: ${remedy}`}`,
      ),
    ),
    '## What was asked for',
    table(['from line', 'windows from', 'listing', 'messages', 'filters'], evidence.askedFor.map(asked)),
    '## Windows and requests, by the day of their end',
    table(['day', 'windows', 'chats', 'records', 'first request-id', 'last request-id'], byDay(windows)),
    REQUESTS,
    '## Messages, by organization and day of creation (UTC)',
    table(
      ['organization', 'day', 'epoch', 'messages', 'of these without content'],
      messages.map((one) => [
        code(one.organizationUuid || one.organizationId) || 'none',
        ...[one.day, String(one.epoch), String(one.messages), String(one.deleted)],
      ]),
    ),
    MESSAGES,
    ...(notCounted.length > 0 ? [missing(evidence)] : []),
    '## Chats of which something is to be said',
    ...chats(evidence),
    '## What happened, and why',
    table(['line', 'time', 'what', 'how'], evidence.events.map(happened), MOST_ROWS),
    '## Signed',
    table(['name', 'date', 'signature'], [['', '', '']]),
  ]
    .filter((block) => block !== '')
    .flatMap((block) => [...block.split('\n').map(printable), ''])
    .join('\n');
}

const REQUESTS =
  "The vendor's own audit log has an event `compliance_api_accessed` for each request, whose `request_id` is one of these; " +
  '`docs/evidence.md` says how to compare them.';
const MESSAGES =
  'Counted in the archive itself, one row for each epoch: after a `rewind`, messages come again in the next one. Without content: deleted in claude.ai before they were read.';

function facts({ archive, madeAt, madeBy, span, builds, verification }: Evidence, details: Details | null): string {
  const { right, windows, parts, records, bytes } = verification;
  const rows: [string, string][] = [
    ['of', `${span.from ?? 'the beginning'} up to ${span.to ?? 'the end'}`],
    ['archive', code(archive ?? '') || 'without an id'],
    [
      'the whole archive is',
      `${right ? 'right' : 'WRONG'}: ${counted(windows, 'window')}, ${counted(parts, 'part')}, ${counted(records, 'record')}, ${counted(bytes, 'byte')}`,
    ],
    [
      'written by',
      builds.map(({ build, n }) => `build ${code(build)} from line ${n}`).join(', ') || 'no window is of this time',
    ],
    ['this page', `made ${madeAt} by build ${code(madeBy)}`],
  ];
  if (details) rows.push(['details', `${code(details.name)}, SHA-256 \`${details.sha256}\``]);
  return table(['', ''], rows);
}

function howToCheck({ verification: { head }, keys }: Evidence): string {
  if (head === null) return 'The archive has no line yet.';
  const signed = keys.map(({ n, publicKey }) => `from line ${n} on with the Ed25519 key \`${publicKey}\``).join(', ');
  return [
    `Line ${head.n} of \`ledger.jsonl\` was the last one, and holds the hash of all before it. Anybody who has the archive, or a copy, runs`,
    ['```sh', `chat-sync verify --archive --head ${head.n}:${head.sha256}`, '```'].join('\n'),
    signed === ''
      ? 'Its lines are not signed.'
      : `Its lines are signed ${signed}: \`--public-key FILE\` compares with the key that you were given.`,
  ].join('\n\n');
}

const asked = ({ n, from, listing, messages, filters, ids }: AskedFor): string[] => [
  ...[String(n), from, listing, messages],
  filters === null ? 'none' : `${code(filters)}: ${ids ? idsOf(ids) : 'which ids, that build did not say'}`,
];

const idsOf = (ids: NonNullable<AskedFor['ids']>): string =>
  [
    ['organizations', ids.organizationIds] as const,
    ['projects', ids.projectIds] as const,
    ['users', ids.userIds] as const,
  ]
    .filter(([, some]) => some.length > 0)
    .map(([what, some]) => `${what} ${some.slice(0, MOST_IDS).map(code).join(', ')}${more(some.length, MOST_IDS)}`)
    .join('; ');

function byDay(windows: readonly WindowEvidence[]): string[][] {
  const days = new Map<string, WindowEvidence[]>();
  for (const window of windows) {
    const day = window.to.slice(0, 10);
    const others = days.get(day);
    if (others) others.push(window);
    else days.set(day, [window]);
  }
  return [...days].map(([day, all]) => [
    ...[
      day,
      String(all.length),
      String(sum(all.map(({ chats }) => chats))),
      String(sum(all.map(({ records }) => records))),
    ],
    code(all.find(({ firstRequestId }) => firstRequestId !== null)?.firstRequestId ?? ''),
    code(all.findLast(({ lastRequestId }) => lastRequestId !== null)?.lastRequestId ?? ''),
  ]);
}

function missing({ notCounted }: Evidence): string {
  const lines = notCounted.map(({ n }) => n);
  const records = sum(notCounted.map((window) => window.records));
  return (
    `**Not all are counted:** of ${notCounted.length} windows (lines ${Math.min(...lines)} to ${Math.max(...lines)}), with ${records} records, ` +
    'parts are not there any more; the ledger keeps their sizes and hashes.'
  );
}

function chats({ parked, recovered, gone, conflicts, refused }: Evidence): string[] {
  const sections: [string, string[], string[][]][] = [
    [
      'Parked: messages could not be read',
      ['line', 'chat', 'messages from', 'to', 'recovered by line'],
      parked.map(({ n, chatId, from, to, recoveredBy }) => [
        String(n),
        code(chatId),
        from,
        to,
        String(recoveredBy ?? 'not yet'),
      ]),
    ],
    [
      'Recovered: read after all',
      ['line', 'chat', 'messages from', 'to', 'records', 'had been'],
      recovered.map(({ n, chatId, from, to, records, missed }) => [
        ...[String(n), code(chatId), from, to, String(records)],
        missed ? 'missed' : 'parked',
      ]),
    ],
    [
      'Gone: deleted for good before they were read',
      ['line', 'chat'],
      gone.map(({ n, chatId }) => [String(n), code(chatId)]),
    ],
    [
      'In two versions: the first one was kept',
      ['line', 'chat', 'messages'],
      conflicts.map(({ n, chatId, records }) => [String(n), code(chatId), String(records)]),
    ],
    [
      'Refused by a destination: in the archive only',
      ['destination', 'message', 'code', 'since'],
      refused.map(({ destination, id, code: why, at }) => [code(destination), code(id), code(why), at]),
    ],
  ];
  const found = sections.filter(([, , rows]) => rows.length > 0);
  if (found.length === 0) return ['None: nothing was parked, recovered, gone, in two versions or refused.'];
  return found.flatMap(([title, head, rows]) => [`### ${title} (${rows.length})`, table(head, rows, MOST_ROWS)]);
}

/** What of an event says when and where, which columns of their own do. */
const PLACED = ['n', 'event', 'at', 'prev', 'signature', 'id', 'time'];

function happened(line: EventLine): string[] {
  const how = Object.entries(line)
    .filter(([name, value]) => !PLACED.includes(name) && value !== '' && value !== null)
    .map(([name, value]) => `${name} ${valueOf(value)}`);
  return [String(line.n), 'time' in line ? line.time : line.at, line.event, how.join('; ')];
}

const valueOf = (value: unknown): string =>
  Array.isArray(value)
    ? value.length > MOST_IDS
      ? String(value.length)
      : value.map(String).map(code).join(', ') || 'none'
    : code(typeof value === 'string' ? value : JSON.stringify(value));

function table(head: readonly string[], rows: readonly (readonly string[])[], most = Infinity): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  if (rows.length === 0) return 'None.';
  const shown = rows.slice(0, most).map(line);
  const rest = more(rows.length, most);
  return [line(head), line(head.map(() => '---')), ...shown, ...(rest === '' ? [] : ['', rest.slice(2)])].join('\n');
}

const list = (items: readonly string[]): string =>
  [
    ...items.slice(0, MOST_ROWS).map((item) => `- ${code(item)}`),
    ...(items.length > MOST_ROWS ? [`- ${more(items.length, MOST_ROWS).slice(2)}`] : []),
  ].join('\n');

const more = (all: number, shown: number): string =>
  all > shown ? `, and ${all - shown} more: the JSON has them` : '';

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);
