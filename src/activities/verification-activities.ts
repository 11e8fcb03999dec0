import { cancellationSignal } from '@temporalio/activity';
import type { Archive } from '../archive/archive';
import type { ArchivedChats } from '../archive/archived-chats';
import type { ChatFinding, Findings } from '../archive/findings';
import type { Log } from '../archive/log';
import { FailureType } from '../contract';
import type { Head } from '../domain/published';
import { NOTHING_FOUND, type Found, type Verified, type VerifyRequest } from '../domain/verification';
import { isWithin, type Span } from '../domain/window';
import type { Source } from '../source';
import { failure } from './failures';
import { isChosen } from './list-chats';
import type { Begun, VerificationActivities } from './types';

const WITNESSES = 3;

export interface VerificationDependencies {
  source: Source;
  archive: Archive;
  log: Log;
  chats: ArchivedChats;
  findings: Findings;
  metrics: { verified(found: Verified): void };
}

/** The activities of a verification that talk to the archive, never to the API. */
export function createVerificationActivities(dependencies: VerificationDependencies): VerificationActivities {
  const { source, archive, log, chats, findings, metrics } = dependencies;

  return {
    async beginVerification({ run, request, censusEveryMs }) {
      const { memo } = await source.view();
      await findings.begin(run);
      // What changed since one that broke off is compared now.
      const last = (await findings.lastCensus()) ?? request.since;
      const since = last && new Date(Date.parse(last) - censusEveryMs).toISOString();
      const covered = await coveredBy(log);
      await requireOurs(memo?.head ?? null, covered);
      await chats.update(cancellationSignal());
      const span = covered && within(covered, request);
      if (span === null) {
        const says = covered ? `${covered.from} to ${covered.to} is what it has` : 'no sync was completed yet';
        throw disagree(`the archive holds nothing of that time: ${says}`);
      }
      const ids = [...chats.ids()];
      return {
        span,
        witnesses: ids.slice(-WITNESSES),
        known: chats.count,
        ...choiceOf({ ...request, since }, ids.length, span),
      };
    },

    async noteGone({ selection: { run, span }, chatIds }) {
      for (const chatId of chatIds) {
        const { messages } = await chats.of(chatId);
        const gone = [...messages].filter(([, { createdMs }]) => isWithin(createdMs, span)).map(([id]) => id);
        if (gone.length > 0) await findings.add(run, 'gone', { chatId, gone, deleted: true });
      }
    },

    async unlistedChats({ selection, after, limit }) {
      await chats.update(cancellationSignal());
      const listed = await findings.listed(selection.run);
      const from = Date.parse(selection.span.from);
      const to = Date.parse(selection.span.to);
      return [...chats.ids()]
        .filter((chatId) => !listed.has(chatId) && isChosen(chatId, selection) && chats.countIn(chatId, from, to) > 0)
        .sort()
        .filter((chatId) => after === null || chatId > after)
        .slice(0, limit);
    },

    async endVerification({ request, selection: { run, span }, figures, unread }) {
      const { memo } = await source.view();
      const parked = new Set(memo?.parked.map(({ chatId }) => chatId));
      // What is missing of a parked chat is known, and is read when it can be.
      const found = (await findings.read(run)).filter(({ chatId, missing }) => !(missing && parked.has(chatId)));
      const kept = found.length > 0 ? await findings.keep(run, found) : null;
      const toRecover = request.repair ? found.filter(({ missing }) => missing).map(({ chatId }) => chatId) : [];
      await findings.recover(toRecover);
      const verified = {
        what: request.what,
        ...span,
        sample: request.sample,
        ...figures,
        ...sum(found),
        unread: unread.length,
        recovering: toRecover.length,
        findings: kept,
      };
      // Not as the source knows it: after a rewind it has none until its next sync.
      const id = await log.id();
      if (id !== null) {
        const event = { event: 'verified', id: run, time: new Date().toISOString(), ...verified } as const;
        await archive.record(id, [event]);
      }
      if (request.what === 'census') await findings.censusEnded(span.to);
      metrics.verified(verified);
      return verified;
    },
  };

  /** @throws LedgerDisagrees if the archive is an older copy, or another one. */
  async function requireOurs(head: Head | null, covered: Span | null): Promise<void> {
    if (head === null || (await archive.holds(head))) return;
    const rewind = covered ? `; \`chat-sync rewind --to ${covered.to}\` reads what came after its end again` : '';
    throw disagree(`the archive has not the line ${head.n} that the source wrote last: is it an older copy?${rewind}`);
  }
}

/** The span of time that an archive's completed windows cover. */
async function coveredBy(log: Log): Promise<Span | null> {
  let covered: Span | null = null;
  for await (const { window, outcome } of log.entries(1)) {
    if (outcome !== 'completed') continue;
    const from: string = covered && Date.parse(covered.from) < Date.parse(window.from) ? covered.from : window.from;
    covered = { from, to: window.to };
  }
  return covered;
}

function within(covered: Span, { from, to }: VerifyRequest): Span | null {
  const span = {
    from: from !== null && Date.parse(from) > Date.parse(covered.from) ? from : covered.from,
    to: to !== null && Date.parse(to) < Date.parse(covered.to) ? to : covered.to,
  };
  return Date.parse(span.from) < Date.parse(span.to) ? span : null;
}

function choiceOf({ what, sample, since }: VerifyRequest, known: number, span: Span): Pick<Begun, 'since' | 'share'> {
  const changed = { messages: span.from, chats: null, census: since }[what];
  return { since: changed, share: sample === null || known === 0 ? 1 : Math.min(1, sample / known) };
}

function sum(findings: readonly ChatFinding[]): Found {
  const found = { ...NOTHING_FOUND };
  for (const { missing = [], doubled = [], different = [], gone = [], unknown } of findings) {
    found.missing += missing.length;
    found.doubled += doubled.length;
    found.different += different.length;
    found.goneMessages += gone.length;
    if (gone.length > 0) found.goneChats += 1;
    if (unknown) found.unknownChats += 1;
  }
  return found;
}

const disagree = (message: string) => failure({ type: FailureType.ledgerDisagrees, message, nonRetryable: true });
