import type { MetricMeter } from '@temporalio/common';
import type { RequestOutcome } from '../compliance-api/options';
import type { Endpoint } from '../compliance-api/errors';
import type { WindowTotals } from '../activities/types';
import type { DeliveryState } from '../domain/delivery';
import type { Memo } from '../domain/memo';
import type { Verified } from '../domain/verification';

/** What is wrong with a message of the archive, by a comparison with the API. */
const FINDINGS = ['missing', 'doubled', 'different'] as const;

/** A worker's metrics. No label holds an id: there are too many, and some identify people. */
export interface Metrics {
  /** Counts an HTTP request that has ended. */
  requested(endpoint: Endpoint, outcome: RequestOutcome): void;
  published(added: WindowTotals): void;
  /** Counts messages that are newer than their chat's `updated_at`. */
  violated(messages: number): void;
  /** Counts what a comparison of the archive with the API found. */
  verified(found: Pick<Verified, (typeof FINDINGS)[number]>): void;
  /** Shows the requests left in the API's budget, by its last answer. */
  budget(remaining: number): void;
  /** Counts records that a destination has. */
  delivered(destination: string, records: number): void;
  /** Shows how far a destination is behind, and how many records it refuses. @param now ms since 1970 */
  destination(state: DeliveryState, now: number): void;
  /** Shows the source's memo, at `now` (ms since 1970). */
  source(memo: Memo, now: number): void;
}

/** Temporal's exporter serves these with its own. @param meter Does nothing if the runtime exports nothing. */
export function createMetrics(meter: MetricMeter): Metrics {
  const messages = meter.createCounter('chat_sync_messages_total', '', 'Messages that the archive has taken');
  const chats = meter.createCounter('chat_sync_chats_total', '', 'Chats whose messages were read completely');
  const requests = meter.createCounter('chat_sync_requests_total', '', 'HTTP requests to the Compliance API');
  const gone = meter.createCounter('chat_sync_gone_chats_total', '', 'Chats that were gone when they were to be read');
  const conflicts = meter.createCounter(
    'chat_sync_conflicting_messages_total',
    '',
    'Messages that came again with another content; the first one was kept',
  );
  const violations = meter.createCounter(
    'chat_sync_assumption_violations_total',
    '',
    "Messages that are newer than their chat's updated_at",
  );
  const findings = meter.createCounter(
    'chat_sync_verification_findings_total',
    '',
    'Messages that a comparison with the API found missing, doubled or different in the archive',
  );
  const behind = meter.createGauge(
    'chat_sync_seconds_behind',
    'float',
    's',
    'Since the time up to which everything is in the archive',
  );
  const parked = meter.createGauge('chat_sync_parked', 'int', '', 'Chats that could not be read and are tried again');
  const lastSuccess = meter.createGauge(
    'chat_sync_last_success_timestamp_seconds',
    'float',
    's',
    'When a sync completed last, since 1970',
  );
  const budget = meter.createGauge(
    'chat_sync_rate_budget_remaining',
    'int',
    '',
    "Requests left in the API's budget, as it said last",
  );
  const delivered = meter.createCounter(
    'chat_sync_delivered_records_total',
    '',
    'Records that a destination has taken',
  );
  const refused = meter.createGauge('chat_sync_refused_records', 'int', '', 'Records that a destination refuses');
  const deliveryBehind = meter.createGauge(
    'chat_sync_delivery_seconds_behind',
    'float',
    's',
    'Since the time up to which a destination has everything',
  );
  // A counter without a first value of 0 shows no increase when Prometheus first sees it.
  for (const counter of [messages, chats, gone, conflicts, violations]) counter.add(0);
  for (const finding of FINDINGS) findings.add(0, { finding });

  return {
    delivered: (destination, records) => delivered.add(records, { destination }),
    destination({ destination, deliveredThrough, refused: records }, now) {
      refused.set(records, { destination });
      if (deliveredThrough === null) return;
      deliveryBehind.set(Math.max(0, now - Date.parse(deliveredThrough)) / 1000, { destination });
    },
    requested: (endpoint, outcome) => requests.add(1, { endpoint, outcome }),
    published(added) {
      messages.add(added.records);
      chats.add(added.chats);
      gone.add(added.gone);
      conflicts.add(added.conflicts);
    },
    violated: (count) => violations.add(count),
    verified: (found) => FINDINGS.forEach((finding) => findings.add(found[finding], { finding })),
    budget: (remaining) => budget.set(remaining),
    source({ syncedThrough, lastSuccessAt, parked: list }, now) {
      parked.set(list.length);
      // The machine's clock may have gone back, and a gauge refuses values below 0.
      if (syncedThrough !== null) behind.set(Math.max(0, now - Date.parse(syncedThrough)) / 1000);
      if (lastSuccessAt !== undefined) lastSuccess.set(Date.parse(lastSuccessAt) / 1000);
    },
  };
}
