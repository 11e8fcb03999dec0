import { setTimeout as sleep } from 'node:timers/promises';
import { deliveryWorkflowId } from '../../src/contract';
import { createDeliveryChain } from '../../src/delivery-chain';
import { kinds } from '../../src/destinations/registry';
import { withInstallation } from '../../harness/installation';
import { SOURCE, withEnvironment, type Environment } from '../environment';
import { allActivitiesMs } from '../activity-times';
import type { Archives, MadeArchive } from '../made-archive';
import { usageOf } from '../usage';
import { runPlainLoop } from './plain-loop';
import type { DeliveryScenario } from './scenarios';
import type { Target, There } from './targets/target';

const LOOK_EVERY_MS = 100;
/** A record has some 500 bytes more. */
const TEXT_BYTES = 1000;
const NO_SYNC = { chats: 1, messagesPerChat: [1, 1] as [number, number], bigChats: [], latenciesMs: [0], users: null };

/** Figures of a destination that was added to an archive. */
export interface DeliveryResult {
  name: string;
  kind: 'deliver';
  records: number;
  bytes: number;
  /** From when its first delivery was due until the last one was completed, by Temporal's history. */
  seconds: number;
  plainSeconds: number;
  /** Null on systems other than Linux. */
  peakMemoryBytes: number | null;
  apiRequests: number;
  there: There;
  isOnce: boolean;
  serverVersion: string;
}

interface Measured {
  say: (line: string) => void;
  signal: AbortSignal;
}

/** Delivers an archive by the product, and then by a plain loop to another server of the same kind. */
export async function measureDelivery(
  scenario: DeliveryScenario,
  archives: Archives,
  { say, signal }: Measured,
): Promise<DeliveryResult> {
  const { name, records, isOnce } = scenario;
  const archive = await archives.of({ records, textBytes: TEXT_BYTES });
  await archive.forget();
  say(`${name}: ${records} messages ...`);
  const delivered = await withTarget(scenario, signal, (target) => deliver(scenario, archive, target, signal));
  say(`${name}: ${delivered.there.records} there after ${delivered.seconds.toFixed(1)} s; a plain loop ...`);
  const plainSeconds = await withTarget(scenario, signal, (target) => runPlainly(scenario, archive, target));
  say(`${name}: the plain loop took ${plainSeconds.toFixed(1)} s`);
  return { name, kind: 'deliver', records, bytes: archive.bytes, isOnce, plainSeconds, ...delivered };
}

/** What was promised and not kept. */
export function deliveryFault({ records, there, apiRequests, isOnce }: DeliveryResult): string | undefined {
  const isExact = there.distinct === records && (there.records === records || !isOnce);
  if (!isExact) return `not exact: ${there.records} records are there, ${there.distinct} different ones of ${records}`;
  return apiRequests === 0 ? undefined : `${apiRequests} requests were made to the API`;
}

/** Works with a new server in a folder of its own. */
function withTarget<T>(
  { name, start }: DeliveryScenario,
  signal: AbortSignal,
  work: (target: Target) => Promise<T>,
): Promise<T> {
  return withInstallation({
    ...{ name, signal, work },
    async setUp(folder, onTeardown) {
      if (start === null) throw new Error(`${name}: its server is not at hand`);
      const target = await start(folder);
      onTeardown(() => target.stop());
      return target;
    },
  });
}

type Delivered = Omit<DeliveryResult, 'name' | 'kind' | 'records' | 'bytes' | 'isOnce' | 'plainSeconds'>;

function deliver(
  { destination }: DeliveryScenario,
  archive: MadeArchive,
  target: Target,
  signal: AbortSignal,
): Promise<Delivered> {
  const settings = { ...target.settings, FILE_DIR: archive.dir, DESTINATIONS: destination };
  const options = { tenant: NO_SYNC, requestsPerSecond: 10, workers: 1, settings };
  return withEnvironment(options, signal, async (environment) => {
    const seconds = await secondsOf(environment, destination, archive);
    const [pid = 0] = environment.workerPids;
    const { serverVersion } = await environment.temporal.client.workflowService.getSystemInfo({});
    return {
      seconds,
      peakMemoryBytes: usageOf(pid)?.peakMemoryBytes ?? null,
      apiRequests: (await environment.tenant.facts()).requestTimes.length,
      there: await target.there(),
      serverVersion,
    };
  });
}

async function secondsOf({ temporal }: Environment, destination: string, { entries }: MadeArchive): Promise<number> {
  const chain = createDeliveryChain(temporal.client, SOURCE, destination);
  for (;;) {
    const view = await chain.view();
    if ((view?.state.position?.entry ?? 0) > entries) break;
    await sleep(LOOK_EVERY_MS);
  }
  const history = await temporal.client.workflow.getHandle(deliveryWorkflowId(SOURCE, destination)).fetchHistory();
  return allActivitiesMs(history) / 1000;
}

/** @returns the seconds that it took. @throws Error if not everything is there */
async function runPlainly(
  { name, destination, records, isAcknowledged }: DeliveryScenario,
  { parts }: MadeArchive,
  target: Target,
): Promise<number> {
  const limits = kinds[destination]?.limits ?? null;
  const { seconds } = await runPlainLoop({ kind: destination, url: target.url, parts, limits, isAcknowledged });
  const there = await target.there();
  if (there.distinct === records) return seconds;
  throw new Error(`${name}: the plain loop brought ${there.distinct} of ${records} records`);
}
