import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { WorkflowFailedError, type WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import type { Environment } from '../config/environment';
import { FailureType, requestSyncWorkflowId, syncTaskQueue } from '../contract';
import { isTransient } from '../temporal/update-errors';
import { reportWithoutSync } from '../domain/report';
import { reportSchema, type Report } from '../domain/state';
import type { requestSync } from '../workflows/request-sync';
import { awaitDelivered } from './deliveries';
import { createProgressDisplay, progressOf, type ProgressDisplay } from './progress';
import { duration, publicReport, reportLines } from './report';
import { orAnother, print, say, withSession, type Session } from './session';

const LOOK_EVERY_MS = 1000;
const WORKERS_EVERY_LOOKS = 5;

export interface SyncOptions {
  json?: boolean;
  detach?: boolean;
  delivered?: boolean;
}

/** `sync`: asks for a sync, shows its progress, prints its report. Returns the exit code. */
export async function syncCommand(environment: Environment, options: SyncOptions): Promise<number> {
  return withSession(environment, async (session) => {
    const handle = await startRequest(session);
    // As a container's first process, Node.js would not end at SIGINT by itself.
    process.once('SIGINT', () => process.exit(1));
    if (options.detach) {
      print(options.json ? JSON.stringify({ workflowId: handle.workflowId }) : handle.workflowId);
      return 0;
    }
    say(`asked for a sync: ${handle.workflowId} (Ctrl-C stops the waiting, not the sync)`);
    const report = await follow(session, handle);
    if (options.json) print(JSON.stringify(publicReport(report)));
    else reportLines(report).forEach(print);
    if (options.delivered && report.outcome === 'completed')
      await awaitDelivered(session, await lastEntry(session, report));
    await sayHowFarBehind(session);
    return report.outcome === 'completed' ? 0 : 1;
  });
}

/** Starts a `requestSync` workflow, as the Schedule does. */
export async function startRequest({ client, source }: Session): Promise<WorkflowHandle<typeof requestSync>> {
  const time = `${new Date().toISOString()}-${randomUUID().slice(0, 8)}`;
  return client.workflow.start<typeof requestSync>('requestSync', {
    workflowId: requestSyncWorkflowId(source.name, time),
    taskQueue: syncTaskQueue(source.name),
    args: [source.name],
    staticSummary: `A sync of the source ${source.name}, asked for by a client`,
  });
}

/** Waits for the request's end and shows the sync's progress; has no timeout. */
export async function follow(session: Session, handle: WorkflowHandle<typeof requestSync>): Promise<Report> {
  const display = createProgressDisplay();
  const looking = new AbortController();
  const looks = look(session, display, looking.signal);
  try {
    return await ending(session, handle);
  } finally {
    looking.abort();
    await looks;
    display.end();
  }
}

async function ending({ source }: Session, handle: WorkflowHandle<typeof requestSync>): Promise<Report> {
  for (;;) {
    try {
      return reportSchema.parse(await handle.result());
    } catch (error) {
      if (error instanceof WorkflowFailedError) return failedRequest(source.name, error);
      if (!isTransient(error)) throw error;
      await sleep(LOOK_EVERY_MS);
    }
  }
}

function failedRequest(source: string, error: WorkflowFailedError): Report {
  const { cause } = error;
  if (cause instanceof ApplicationFailure && cause.type === FailureType.syncFailed) {
    const report = reportSchema.safeParse(cause.details?.[0]);
    if (report.success) return report.data;
  }
  const reason = `the request ended without a report: ${cause?.message ?? error.message}`;
  return reportWithoutSync(source, { n: 0, outcome: 'failed', reason });
}

async function look({ source, client }: Session, display: ProgressDisplay, signal: AbortSignal): Promise<void> {
  let toldNoWorker = false;
  let toldAway = false;
  for (let looks = 0; !signal.aborted; looks++) {
    try {
      if (looks % WORKERS_EVERY_LOOKS === 0 && (await source.workers()) === 0 && !toldNoWorker) {
        const hint = await orAnother({ client, source });
        display.note(`no worker serves source ${source.name} yet: waiting for one (\`chat-sync worker\`)${hint}`);
        toldNoWorker = true;
      }
      const progress = await progressOf(source, await source.view());
      display.show(progress);
      toldAway = false;
    } catch (error) {
      // The progress is optional: an error that ends the request is reported with its result.
      if (isTransient(error) && !toldAway) {
        display.note('Temporal does not answer: waiting for it');
        toldAway = true;
      }
    }
    await sleep(LOOK_EVERY_MS, undefined, { signal }).catch(() => undefined);
  }
}

/** The number of the ledger's line that a sync wrote last; 0 if there is none. */
export async function lastEntry({ source }: Session, { head }: Report): Promise<number> {
  return head?.n ?? (await source.view()).memo?.head?.n ?? 0;
}

export async function sayHowFarBehind({ source }: Session): Promise<void> {
  const { memo } = await source.view();
  if (!memo?.syncedThrough) return;
  const behind = duration(Date.now() - Date.parse(memo.syncedThrough));
  say(`synced through ${memo.syncedThrough}, ${behind} behind now`);
}
