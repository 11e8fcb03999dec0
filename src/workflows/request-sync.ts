import { ApplicationFailure, proxyActivities, setCurrentDetails } from '@temporalio/workflow';
import { chatSyncWorkflowId, FailureType } from '../contract';
import type { SyncActivities } from '../activities/types';
import { reportWithoutSync } from '../domain/report';
import type { Report } from '../domain/state';
import { code, table } from '../text/markdown';
import { counted } from '../text/counted';

const { askForSync } = proxyActivities<SyncActivities>({
  startToCloseTimeout: '60s',
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '10s' },
});

const PAUSED = 'the source is paused: `chat-sync resume` lets it sync again';

/** Waiting is one attempt that heartbeats: one after another would look as if something failed again and again. */
const { awaitReport } = proxyActivities<SyncActivities>({
  startToCloseTimeout: '1d',
  heartbeatTimeout: '30s',
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
    setCurrentDetails(
      `Waits for sync ${n}, which runs as ${code(chatSyncWorkflowId(source))}: its details show how far it is.`,
    );
    const report = await awaitReport.executeWithOptions({ summary: `sync ${n}` }, [source, n]);
    if (report === 'ask again') continue;
    setCurrentDetails(detailsOf(report));
    if (report.outcome !== 'failed') return report;
    throw ApplicationFailure.nonRetryable(report.reason ?? 'no reason given', FailureType.syncFailed, report);
  }
}

function detailsOf({
  source,
  n,
  outcome,
  reason,
  from,
  to,
  chats,
  messages,
  requests,
  runId,
  warnings,
}: Report): string {
  const run = runId === undefined ? '' : `, run ${code(runId)}`;
  return table([
    [`Sync ${n}`, outcome],
    ...(reason === undefined ? [] : [['Reason', code(reason)] as const]),
    ['Window', from === null || to === null ? 'none was opened' : `${from} to ${to}`],
    ['Read', `${counted(chats, 'chat')}, ${counted(messages, 'message')}, ${counted(requests, 'request')}`],
    ...warnings.map((warning) => ['Warning', code(warning)] as const),
    ['Where it happened', `${code(chatSyncWorkflowId(source))}${run}`],
  ]);
}
