import { answer, spec } from '../harness/dialogue';
import { FAULT_KINDS, HANGING_FAULT_KINDS, startSimulator, type FaultKind, type Simulator } from '../simulator';
import { conditionsSchema, HEALTHY, tenantSpecSchema, type Conditions, type TenantFacts } from './tenant';
import { factsOf } from './facts';
import { createPopulation } from './population';
import { LISTINGS } from './settings';

const LATENCY_MS = 30;
const CHANGE_EVERY_MS = 120;
const EAT_EVERY_MS = 20;
const BUDGET_PER_MINUTE = 60_000;
/** Each of these faults costs the client 60 s or 100 MB, so they are rare. */
const COSTLY: readonly FaultKind[] = [...HANGING_FAULT_KINDS, 'huge'];
const CHEAP_FOR_EACH_COSTLY = 30;
const CHEAP = FAULT_KINDS.filter((kind) => !COSTLY.includes(kind));
const KINDS = [...Array.from({ length: CHEAP_FOR_EACH_COSTLY }, () => CHEAP).flat(), ...COSTLY];

/** Runs the simulator, changes its tenant every 120 ms, and applies the conditions that it receives. */
async function main(): Promise<void> {
  const { seed, key, marker, chats, listing } = tenantSpecSchema.parse(spec());
  let conditions: Conditions = HEALTHY;
  // A tenant whose clock goes back creates messages in the past, which no guarantee covers: then only `Date` is skewed.
  const apiClock = (): number => Date.now() + conditions.clockAheadMs;
  const tenantClock = (): number => Date.now() + Math.max(0, conditions.clockAheadMs);
  const population = createPopulation({ seed, marker, chats, clock: tenantClock });
  const { tenant, backfillStart } = population;

  const ended: Simulator['requests'][number][] = [];
  const open = (port: number): Promise<Simulator> =>
    startSimulator({
      port,
      tenant,
      generation: LISTINGS[listing].generation,
      keys: [{ key }],
      clock: apiClock,
      latencyMs: LATENCY_MS,
      rateLimitPerMinute: BUDGET_PER_MINUTE,
    });
  let simulator: Simulator | undefined = await open(0);
  const { url, port } = simulator;

  let phase = 0;
  let unreadable: string[] = [];
  async function apply(next: Conditions): Promise<void> {
    if (next.unreadable !== conditions.unreadable) unreadable = population.writeInLast(next.unreadable);
    conditions = next;
    if (!next.listening && simulator) {
      ended.push(...simulator.requests);
      await simulator.close();
      simulator = undefined;
    }
    if (!next.listening) return;
    simulator ??= await open(port);
    tenant.clock = tenantClock;
    const targets = unreadable.map((chatId) => ({ chatId, kind: '500-no-retry', times: Infinity }) as const);
    simulator.setFaults({ rate: next.faultRate, kinds: KINDS, seed: `${seed} ${(phase += 1)}`, targets });
    if (next.key === 'revoked') simulator.revokeKey(key);
    else if (next.key === 'valid') simulator.setKey({ key });
    else simulator.setKey({ key, scopes: ['read:compliance_user_data'] });
  }

  const allRequests = (): Simulator['requests'] => [...ended, ...(simulator?.requests ?? [])];
  const answered = (): number => allRequests().filter(({ status, fault }) => status === 200 || fault !== null).length;

  function facts(): TenantFacts {
    const requests = allRequests();
    const requestFaults: Record<string, number> = {};
    for (const { fault } of requests) if (fault) requestFaults[fault] = (requestFaults[fault] ?? 0) + 1;
    return { ...factsOf(population, listing), requests: requests.length, requestFaults };
  }

  setInterval(() => {
    if (conditions.changing) population.change();
  }, CHANGE_EVERY_MS);
  setInterval(() => {
    if (conditions.budgetEaten) simulator?.spendBudget(BUDGET_PER_MINUTE);
  }, EAT_EVERY_MS);
  answer({ url, backfillStart }, async (question) => {
    if (question === 'facts') return facts();
    if (question === 'answered') return answered();
    await apply(conditionsSchema.parse(question));
    return 'done';
  });
}

void main();
