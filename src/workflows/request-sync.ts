import { ApplicationFailure, proxyActivities } from '@temporalio/workflow';
import { FailureType } from '../contract';
import type { SyncActivities } from '../activities/types';
import { reportWithoutSync } from '../domain/report';
import type { Report } from '../domain/state';

const { askForSync } = proxyActivities<SyncActivities>({
  startToCloseTimeout: '60s',
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '10s' },
});

const PAUSED = 'the source is paused: `chat-sync resume` lets it sync again';

/** "Not yet" is a failed attempt, which Temporal retries: waiting adds no history events and holds no worker slot. */
const { awaitReport } = proxyActivities<SyncActivities>({
  startToCloseTimeout: '30s',
  retry: { initialInterval: '1s', backoffCoefficient: 1.5, maximumInterval: '5s' },
});

/**
 * The workflow that a Schedule or a client starts. It asks the source for a sync and ends as the sync ends, so that the
 * Web UI's list shows each sync's outcome. While the source is paused it completes with the outcome `refused`.
 *
 * @throws SyncFailed, with the report in details[0].
 */
export async function requestSync(source: string): Promise<Report> {
  for (;;) {
    const { n, refused } = await askForSync(source);
    if (refused) return reportWithoutSync(source, { n, outcome: 'refused', reason: PAUSED });
    const report = await awaitReport(source, n);
    if (report === 'ask again') continue;
    if (report.outcome !== 'failed') return report;
    throw ApplicationFailure.nonRetryable(report.reason ?? 'no reason given', FailureType.syncFailed, report);
  }
}
