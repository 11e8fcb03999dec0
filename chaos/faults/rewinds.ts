import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from '../../simulator/random';
import { chatSyncWorkflowId } from '../../src/contract';
import { askOnce } from '../asking';
import { collect } from '../../harness/collect';
import { readLedger } from '../../src/archive/read/ledger';
import { reachOf } from '../reach';
import { idle, memoOf, midSync } from '../progress';
import { SOURCE, type Environment } from '../environment';
import type { Fault, FaultContext } from './fault';

const IDLE_TRIES = 8;
/** A reset picks one of so many latest runs of the chain. */
const LATEST_RUNS = 30;
const REMEDY = /`chat-sync rewind --to (\S+?)( --skip)?`/g;

/** Pauses, waits for the running sync to end, rewinds and resumes: a running sync refuses the rewind. */
async function rewind({ environment, watch }: FaultContext, to: string, options: readonly string[]): Promise<void> {
  await environment.cli.insist(['pause', '--reason', 'chaos']);
  for (let tries = 1; tries <= IDLE_TRIES && !(await idle(environment)); tries++);
  watch.rewinds.add(to);
  await environment.cli.insist(['rewind', '--to', to, ...options]);
  await environment.cli.insist(['resume']);
}

const rewindFault: Fault = {
  name: 'rewind',
  kind: 'operators',
  outage: true,
  async inject(context) {
    const { environment, watch, random } = context;
    const timestamp = (await memoOf(environment))?.syncedThrough;
    if (!timestamp) return;
    const done = watch.timestampMayGoBack();
    const to = new Date(Date.parse(timestamp) - random.int(0, 90) * 1000).toISOString();
    await rewind(context, to, ['--reason', 'chaos']);
    await sleep(1000);
    done();
  },
};

/**
 * Requests syncs until one fails with LedgerDisagrees, and applies one of the remedies that it names; or until one
 * completes at the end of the ledger. A completion before that end is of the reset run's old window, which the archive
 * already has.
 */
async function reconcile(context: FaultContext): Promise<void> {
  for (;;) {
    const answer = await askOnce(context.environment.cli);
    context.asking.note(answer);
    const reach = reachOf(await collect(readLedger(context.environment.archiveFolder)));
    if (answer?.outcome === 'completed' && Date.parse(answer.to ?? '') >= reach) return;
    if (!answer?.reason?.startsWith('LedgerDisagrees')) continue;
    const [, to = '', skip] = context.random.pick([...answer.reason.matchAll(REMEDY)]);
    await rewind(context, to, skip ? ['--skip'] : []);
    return;
  }
}

const RESET_TRIES = 5;
async function reset(environment: Environment, runId: string, random: Random): Promise<void> {
  const type = random.pick(['FirstWorkflowTask', 'LastWorkflowTask']);
  const which = ['--workflow-id', chatSyncWorkflowId(SOURCE), '--run-id', runId];
  for (let tries = 1; ; tries++) {
    try {
      await environment.temporal.cli(['workflow', 'reset', ...which, '--type', type, '--reason', 'chaos']);
      return;
    } catch (error) {
      // The server refuses some resets with "please retry".
      if (tries === RESET_TRIES) throw error;
      await sleep(1000);
    }
  }
}

function resetFault(name: string, pick: (context: FaultContext) => Promise<string>): Fault {
  return {
    name,
    kind: 'operators',
    async inject(context) {
      const done = context.watch.timestampMayGoBack();
      await midSync(context.environment);
      await reset(context.environment, await pick(context), context.random);
      await reconcile(context);
      await sleep(1000);
      done();
    },
  };
}

async function currentRun({ environment: { temporal } }: FaultContext): Promise<string> {
  return (await temporal.client.workflow.getHandle(chatSyncWorkflowId(SOURCE)).describe()).runId;
}

async function pastRun({ environment: { temporal }, random }: FaultContext): Promise<string> {
  const runIds: string[] = [];
  const query = `WorkflowId = "${chatSyncWorkflowId(SOURCE)}" AND ExecutionStatus = "ContinuedAsNew"`;
  for await (const run of temporal.client.workflow.list({ query })) {
    if (runIds.push(run.runId) === LATEST_RUNS) break;
  }
  return random.pick(runIds);
}

/** Faults that take the timestamp back: rewinds and workflow resets. */
export const rewinds: readonly Fault[] = [
  rewindFault,
  resetFault('reset-current-run', currentRun),
  resetFault('reset-past-run', pastRun),
];
