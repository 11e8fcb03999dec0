import type { Disagreement, Possession } from './reconcile';
import type { Policy } from '../config/policy';
import type { Parked } from './state';
import type { Window } from './window';

export interface DisagreementFacts {
  policy: Pick<Policy, 'onChatFailure'>;
  parked: readonly Parked[];
  possession: Possession;
  /** Which file of the last window is missing, or has another size. */
  missing: string | null;
}

/** Tells an operator how the state and the archive disagree, and which `rewind` resolves it. */
export function disagreementText(
  why: Disagreement,
  window: Window,
  held: Window | null,
  { policy: { onChatFailure }, parked, possession, missing }: DisagreementFacts,
): string {
  const { from = '', to = '' } = held ?? {};
  const begins = `but this sync would begin at ${window.from}`;
  // Chats parked after the state's time are lost with the newer state: only reading from there again brings them.
  const mayHaveParked = onChatFailure === 'park' || parked.length > 0;
  const onward = mayHaveParked ? '' : `\`chat-sync rewind --to ${to} --skip\` goes on where the archive ends, `;
  const unsaid = mayHaveParked
    ? '; what chats missed that were parked before that comes only from a time before it'
    : '';
  const again = mayHaveParked && Date.parse(window.from) < Date.parse(from) ? window.from : from;
  const text: Readonly<Record<Disagreement, string>> = {
    behind: `the archive holds messages through ${to}, ${begins}: ${onward}\`chat-sync rewind --to ${window.from}\` sends what came since once more`,
    hole: `the archive holds messages through ${to}, ${begins}: \`chat-sync rewind --to ${to}\` brings the messages between, \`chat-sync rewind --to ${window.from} --skip\` leaves them out${unsaid}`,
    overtaken: `the archive is in the middle of ${from} to ${to}, which a later rewind began, ${begins}: \`chat-sync rewind --to ${again}\` begins that again`,
    empty: `the archive has no ledger, but everything through ${window.from} was written to it: bring its place back (is the volume there?), or begin a new one there with \`chat-sync rewind --to ${window.from}\`, or earlier to have messages again`,
    old: `the archive holds messages through ${to} and nothing since the last rewind, ${begins}: bring its place back (is it the right volume?), or \`chat-sync rewind --to ${to}\` brings what is missing`,
    'given up': `the archive knows ${from} to ${to} as given up by a later rewind: \`chat-sync rewind --to ${from}\` reads it again`,
    lost: `the archive is not in the place that this source writes to (no archive.json there): bring that back (is the volume there?), or begin a new one with \`chat-sync rewind --to ${window.from}\``,
    foreign: `the archive ${held ? `holds messages through ${to}` : 'is in its first window'}, ${begins}: \`chat-sync rewind --to ${to || window.from}\` takes it over there`,
    altered: `the archive does not hold the last line of its ledger as this source knows it: it was changed, or is an older copy: bring it back as it was, or \`chat-sync rewind --to ${to}\` goes on with what is there`,
    incomplete: `the archive has lost ${missing ?? ''}, or a part of it: bring it back; ${held ? `or \`chat-sync rewind --to ${from}\` sends its window once more, \`chat-sync rewind --to ${to}\` goes on without it` : `or \`chat-sync rewind --to ${window.from}\` begins a new one beside what is there`}`,
  };
  const warning =
    possession === 'foreign'
      ? '; its archive.json is of another Temporal, or of this source before it was lost or rewound: make sure first that nothing else writes there'
      : '';
  return `${text[why]}${warning}`;
}
