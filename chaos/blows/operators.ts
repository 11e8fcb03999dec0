import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { WorkflowFailedError, type WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { chatSyncWorkflowId, requestSyncWorkflowId, syncTaskQueue } from '../../src/contract';
import { askOnce } from '../asking';
import { idle, midSync } from '../progress';
import { SCHEDULE_EVERY, SOURCE, type Stage } from '../stage';
import { type Blow, type Scene, seconds } from './blow';

const CALLERS = 200;
const CALLERS_PATIENCE_MS = 180_000;

const chain = ({ temporal }: Stage): WorkflowHandle => temporal.client.workflow.getHandle(chatSyncWorkflowId(SOURCE));

function onChain(
  name: string,
  when: (stage: Stage) => Promise<boolean>,
  act: (scene: Scene) => Promise<unknown>,
): Blow {
  return {
    name,
    kind: 'operators',
    async strike(scene) {
      await when(scene.stage);
      await act(scene);
    },
  };
}

const terminate = ({ stage }: Scene): Promise<unknown> => chain(stage).terminate('chaos');
const cancel = ({ stage }: Scene): Promise<unknown> => chain(stage).cancel();

const schedule: Blow = {
  name: 'schedule-made-anew',
  kind: 'operators',
  async strike({ stage: { cli }, random }) {
    await cli.insist(['schedule', '--delete']);
    await sleep(seconds(random, 0, 5));
    await cli.insist(['schedule', '--every', SCHEDULE_EVERY]);
  },
};

const pauseAndResume: Blow = {
  name: 'pause-and-resume',
  kind: 'operators',
  stops: true,
  async strike({ stage, watch, random }) {
    await midSync(stage);
    await stage.cli.insist(['pause', '--reason', 'chaos']);
    const answer = await askOnce(stage.cli);
    if (answer !== null && answer.outcome !== 'refused') watch.wrong(`a paused source answers ${answer.outcome}`);
    await sleep(seconds(random, 0, 5));
    await stage.cli.insist(['resume']);
  },
};

/** All of them get a report. */
const crowd: Blow = {
  name: '200-requests-at-once',
  kind: 'operators',
  async strike({ stage: { temporal }, watch }) {
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
    if (without !== 0) watch.wrong(`of ${CALLERS} who asked at once, ${without} got no report`);
  },
};

async function hasReport(handle: WorkflowHandle): Promise<boolean> {
  try {
    return (await handle.result()) !== undefined;
  } catch (error) {
    const cause = error instanceof WorkflowFailedError ? error.cause : error;
    return cause instanceof ApplicationFailure && cause.details?.[0] !== undefined;
  }
}

export const operators: readonly Blow[] = [
  onChain('terminate-idle', idle, terminate),
  onChain('terminate-mid-sync', midSync, terminate),
  onChain('cancel-idle', idle, cancel),
  onChain('cancel-mid-sync', midSync, cancel),
  schedule,
  pauseAndResume,
  crowd,
];
