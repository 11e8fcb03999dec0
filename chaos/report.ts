import { machine } from '../bench/report';
import type { Result } from './run';

const number = (value: number): string => value.toLocaleString('en-US');
const AIM_MS = 120_000;

/** Renders the result as Markdown. */
export function markdown(result: Result): string {
  const { cpu, cores, platform, node } = machine();
  const { seed, settings, seconds, tallies, impossible } = result;
  const { onChatFailure, listing, cluster } = settings;
  const head = `Seed ${seed}, ON_CHAT_FAILURE=${onChatFailure}, listing ${listing}, ${cluster ? 'two nodes on PostgreSQL, ' : ''}${number(seconds)} s, on ${cpu}, ${cores} cores, ${platform}, Node ${node}`;
  const injected = tallies.filter(({ times }) => times > 0);
  const faults = injected.map(({ name, times, longestMs }) => [
    `\`${name}\``,
    String(times),
    `${(longestMs / 1000).toFixed(1)} s${longestMs > AIM_MS ? ' (late)' : ''}`,
  ]);
  const left = tallies.filter(({ times }) => times === 0).map(({ name }) => name);
  return [
    head,
    table(['fault', 'times', 'longest until the next progress (aim: 120 s)'], faults),
    ...(left.length > 0 ? [`Not injected in this time: ${left.join(', ')}`] : []),
    ...(impossible.length > 0
      ? [`Not possible here (they need a mount, a server, or \`--cluster\`): ${impossible.join(', ')}`]
      : []),
    table(['total', 'number'], totals(result)),
    table(
      ['damage inflicted on a copy of the archive', 'found by `verify --archive`'],
      result.verifications.damages.map(({ name, found }) => [name, found ? 'yes' : 'NO']),
    ),
    ...violationsOf(result),
  ].join('\n\n');
}

function totals({
  asked,
  archive,
  deliveries,
  verifications: { wrong, compared },
  secrets,
  unseen,
  mixedRuns,
  requests,
  requestFaults,
  crashes,
  checks,
  violations,
}: Result): string[][] {
  const failed = [...asked.failed].map(([reason, times]) => `${reason} ${times}`).join(', ');
  const failedRequests = Object.values(requestFaults).reduce((sum, times) => sum + times, 0);
  return [
    ['syncs asked for by the CLI, completed', number(asked.completed)],
    ['failed', `${number([...asked.failed.values()].reduce((a, b) => a + b, 0))}${failed ? ` (${failed})` : ''}`],
    ['refused', number(asked.refused)],
    ['without an answer: Temporal was unavailable', number(asked.unanswered)],
    ['requests to the API', number(requests)],
    ['failed on purpose', `${number(failedRequests)}, of ${Object.keys(requestFaults).length} kinds`],
    ['crashes of workers', number(crashes)],
    ['runs that workers of two builds shared', number(mixedRuns)],
    ['windows', `${number(archive.windows)}, and ${number(archive.abandoned)} given up`],
    ['messages', number(archive.messages)],
    ['chats that had been parked and came out', number(archive.healed)],
    ['messages of chats that were hard-deleted, or listed no more, not there (allowed)', number(archive.gone)],
    ['messages of chats that this listing never shows, not there (allowed)', number(unseen)],
    ['lost', number(archive.lost)],
    ['doubled', number(archive.doubled)],
    ['foreign', number(archive.foreign)],
    ['outside the ledger', number(archive.outside)],
    ['damaged parts', number(archive.damagedParts)],
    ['breaks between windows', number(archive.breaks.length)],
    ...Object.entries(deliveries.servers).map(([name, { missing, foreign, doubled }]) => [
      `${name}: missing, foreign, beyond its promise`,
      `${number(missing)}, ${number(foreign)}, ${number(doubled)}`,
    ]),
    ['delivered records that are missing', number(deliveries.missing)],
    ['delivered twice, under two keys', number(deliveries.doubled + deliveries.altered)],
    ['deliveries that came again under their key (allowed)', number(deliveries.repeated)],
    ['wrong, by `verify --archive`', number(wrong.length)],
    [
      'missing, doubled, different, by `verify` against the API',
      [compared.missing, compared.doubled, compared.different].map(number).join(', '),
    ],
    ['folders of closed windows in .staging', number(archive.leftovers)],
    [`violations in ${number(checks)} checks of timestamp and ledger, or in answers`, number(violations.length)],
    [
      `secrets found in ${number(secrets.histories)} histories and ${number(Math.round(secrets.bytes / 2 ** 20))} MiB`,
      number(secrets.places.length),
    ],
  ];
}

function violationsOf({ archive, verifications, secrets, violations }: Result): string[] {
  const outside = archive.outsideParts.map((path) => `outside the ledger: ${path}`);
  const all = [
    ...violations,
    ...verifications.wrong,
    ...archive.breaks,
    ...archive.losses,
    ...outside,
    ...new Set(secrets.places),
  ];
  return all.length === 0 ? [] : [`Violations:\n\n${all.map((what) => `- ${what}`).join('\n')}`];
}

function table(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [titles, titles.map(() => '---'), ...rows];
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
