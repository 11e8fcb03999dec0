import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { WorkflowFailedError, type WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { chatSyncWorkflowId, requestSyncWorkflowId, syncTaskQueue } from '../../src/contract';
import { askOnce } from '../asking';
import { idle, midSync } from '../progress';
import { SCHEDULE_EVERY, SOURCE, type Environment } from '../environment';
import { type Fault, type FaultContext, seconds } from './fault';

const CALLERS = 200;
const CALLERS_PATIENCE_MS = 180_000;

const chain = ({ temporal }: Environment): WorkflowHandle =>
  temporal.client.workflow.getHandle(chatSyncWorkflowId(SOURCE));

function onChain(
  name: string,
  when: (environment: Environment) => Promise<boolean>,
  act: (context: FaultContext) => Promise<unknown>,
): Fault {
  return {
    name,
    kind: 'operators',
    async inject(context) {
      await when(context.environment);
      await act(context);
    },
  };
}

const terminate = ({ environment }: FaultContext): Promise<unknown> => chain(environment).terminate('chaos');
const cancel = ({ environment }: FaultContext): Promise<unknown> => chain(environment).cancel();

const schedule: Fault = {
  name: 'schedule-made-anew',
  kind: 'operators',
  async inject({ environment: { cli }, random }) {
    await cli.insist(['schedule', '--delete']);
    await sleep(seconds(random, 0, 5));
    await cli.insist(['schedule', '--every', SCHEDULE_EVERY]);
  },
};

const pauseAndResume: Fault = {
  name: 'pause-and-resume',
  kind: 'operators',
  outage: true,
  async inject({ environment, watch, random }) {
    await midSync(environment);
    await environment.cli.insist(['pause', '--reason', 'chaos']);
    const answer = await askOnce(environment.cli);
    if (answer !== null && answer.outcome !== 'refused')
      watch.addViolation(`a paused source answers ${answer.outcome}`);
    await sleep(seconds(random, 0, 5));
    await environment.cli.insist(['resume']);
  },
};

/** Starts 200 requests at the same time and checks that each gets a report. */
const crowd: Fault = {
  name: '200-requests-at-once',
  kind: 'operators',
  async inject({ environment: { temporal }, watch }) {
    const handles = await Promise.all(
      Array.from({ length: CALLERS }, () =>
        temporal.client.workflow.start('requestSync', {
          workflowId: requestSyncWorkflowId(SOURCE, `crowd-${randomUUID()}`),
          taskQueue: syncTaskQueue(SOURCE),
          args: [SOURCE],
        }),
      ),
    );
    const late = new AbortController();
    const ends = Promise.all(handles.map(hasReport));
    const reports = await Promise.race([ends, sleep(CALLERS_PATIENCE_MS, null, { signal: late.signal })]);
    late.abort();
    const without = reports === null ? 'some' : reports.filter((report) => !report).length;
    if (without !== 0) watch.addViolation(`of ${CALLERS} who asked at once, ${without} got no report`);
  },
};

/** Whether a request ended with a report, be it as its result or in its failure's details. */
async function hasReport(handle: WorkflowHandle): Promise<boolean> {
  try {
    return (await handle.result()) !== undefined;
  } catch (error) {
    const cause = error instanceof WorkflowFailedError ? error.cause : error;
    return cause instanceof ApplicationFailure && cause.details?.[0] !== undefined;
  }
}

export const operators: readonly Fault[] = [
  onChain('terminate-idle', idle, terminate),
  onChain('terminate-mid-sync', midSync, terminate),
  onChain('cancel-idle', idle, cancel),
  onChain('cancel-mid-sync', midSync, cancel),
  schedule,
  pauseAndResume,
  crowd,
];
