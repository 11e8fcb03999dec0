import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from '../../simulator/random';
import { chatSyncWorkflowId } from '../../src/contract';
import { askOnce } from '../asking';
import { collect } from '../../harness/collect';
import { readLedger } from '../../src/archive/ledger';
import { reachOf } from '../reach';
import { idle, memoOf, midSync } from '../progress';
import { SOURCE, type Stage } from '../stage';
import type { Blow, Scene } from './blow';

const IDLE_TRIES = 8;
/** Runs of the chain that a past may be. */
const LATEST_RUNS = 30;
const REMEDY = /`chat-sync rewind --to (\S+?)( --skip)?`/g;

/** Pauses, lets the sync that runs end, rewinds, resumes: as an operator has to, since a sync that runs refuses it. */
async function rewind({ stage, watch }: Scene, to: string, options: readonly string[]): Promise<void> {
  await stage.cli.insist(['pause', '--reason', 'chaos']);
  for (let tries = 1; tries <= IDLE_TRIES && !(await idle(stage)); tries++);
  watch.rewinds.add(to);
  await stage.cli.insist(['rewind', '--to', to, ...options]);
  await stage.cli.insist(['resume']);
}

const rewindBlow: Blow = {
  name: 'rewind',
  kind: 'operators',
  stops: true,
  async strike(scene) {
    const { stage, watch, random } = scene;
    const timestamp = (await memoOf(stage))?.syncedThrough;
    if (!timestamp) return;
    const done = watch.timestampMayGoBack();
    const to = new Date(Date.parse(timestamp) - random.int(0, 90) * 1000).toISOString();
    await rewind(scene, to, ['--reason', 'chaos']);
    await sleep(1000);
    done();
  },
};

/**
 * Asks until a sync says that the state and the sink disagree, and does one of what it names; or until one completes where
 * the ledger ends: a run of the past may first complete its own window, which the sink has closed long since.
 */
async function mend(scene: Scene): Promise<void> {
  for (;;) {
    const answer = await askOnce(scene.stage.cli);
    scene.asking.note(answer);
    const reach = reachOf(await collect(readLedger(scene.stage.sinkFolder)));
    if (answer?.outcome === 'completed' && Date.parse(answer.to ?? '') >= reach) return;
    if (!answer?.reason?.startsWith('LedgerDisagrees')) continue;
    const [, to = '', skip] = scene.random.pick([...answer.reason.matchAll(REMEDY)]);
    await rewind(scene, to, skip ? ['--skip'] : []);
    return;
  }
}

const RESET_TRIES = 5;
async function reset(stage: Stage, runId: string, random: Random): Promise<void> {
  const type = random.pick(['FirstWorkflowTask', 'LastWorkflowTask']);
  const which = ['--workflow-id', chatSyncWorkflowId(SOURCE), '--run-id', runId];
  for (let tries = 1; ; tries++) {
    try {
      await stage.temporal.cli(['workflow', 'reset', ...which, '--type', type, '--reason', 'chaos']);
      return;
    } catch (error) {
      // The server refuses one now and then, and says "please retry".
      if (tries === RESET_TRIES) throw error;
      await sleep(1000);
    }
  }
}

function resetBlow(name: string, pick: (scene: Scene) => Promise<string>): Blow {
  return {
    name,
    kind: 'operators',
    async strike(scene) {
      const done = scene.watch.timestampMayGoBack();
      await midSync(scene.stage);
      await reset(scene.stage, await pick(scene), scene.random);
      await mend(scene);
      await sleep(1000);
      done();
    },
  };
}

async function currentRun({ stage: { temporal } }: Scene): Promise<string> {
  return (await temporal.client.workflow.getHandle(chatSyncWorkflowId(SOURCE)).describe()).runId;
}

async function pastRun({ stage: { temporal }, random }: Scene): Promise<string> {
  const runIds: string[] = [];
  const query = `WorkflowId = "${chatSyncWorkflowId(SOURCE)}" AND ExecutionStatus = "ContinuedAsNew"`;
  for await (const run of temporal.client.workflow.list({ query })) {
    if (runIds.push(run.runId) === LATEST_RUNS) break;
  }
  return random.pick(runIds);
}

/** What moves the timestamp, or brings its past back. */
export const moves: readonly Blow[] = [
  rewindBlow,
  resetBlow('reset-current-run', currentRun),
  resetBlow('reset-past-run', pastRun),
];
