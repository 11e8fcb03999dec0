import type { EnvironmentOptions } from './environment';

/** A sync to measure, and the environment it runs in. */
export interface Scenario {
  readonly name: string;
  readonly kind: 'rate' | 'requests' | 'unlimited' | 'per-user' | 'size' | 'memory';
  readonly environment: EnvironmentOptions;
  /** Runs only if `--only` names it. */
  readonly isLong?: boolean;
}

/** Requests per second that no machine reaches. */
const UNLIMITED = 10_000;
const MESSAGES_PER_CHAT = [7, 13] as const;

/** All scenarios. @param quick A few seconds each: a smoke test without meaningful figures. */
export function scenariosOf({ quick }: { quick: boolean }): Scenario[] {
  const tenant = (
    chats: number,
    more: { latenciesMs?: number[]; bigChats?: number[] } = {},
  ): EnvironmentOptions['tenant'] => ({
    chats,
    messagesPerChat: [...MESSAGES_PER_CHAT],
    bigChats: [],
    latenciesMs: [0],
    users: null,
    ...more,
  });
  /** @param name Makes the scenario long. */
  const rate = (
    requestsPerSecond: number,
    workers: number,
    seconds: number,
    latenciesMs: number[],
    name?: string,
  ): Scenario => {
    const chats = requestsPerSecond * (quick ? 6 : seconds);
    const latencies = latenciesMs.map((ms) => (quick ? ms / 10 : ms));
    const environment = { tenant: tenant(chats, { latenciesMs: latencies }), requestsPerSecond, workers };
    const usual = `rate-${requestsPerSecond}-${workers}-${latenciesMs.join('-')}ms`;
    return { name: name ?? usual, kind: 'rate', environment, isLong: name !== undefined };
  };
  const unlimited = (chats: number): Scenario => {
    const environment = { tenant: tenant(quick ? chats / 10 : chats), requestsPerSecond: UNLIMITED, workers: 1 };
    return { name: `unlimited-${chats}`, kind: 'unlimited', environment };
  };
  const perUser = (users: number): Scenario => {
    const size = quick ? { users: users / 25, chats: 120 } : { users, chats: 3000 };
    const environment: EnvironmentOptions = {
      tenant: { ...tenant(size.chats), messagesPerChat: [2, 4], users: size.users },
      requestsPerSecond: UNLIMITED,
      workers: 1,
    };
    return { name: `users-${users}`, kind: 'per-user', environment };
  };
  const size = (chats: number): Scenario => {
    const some = quick ? chats / 50 : chats;
    const environment: EnvironmentOptions = {
      tenant: { ...tenant(some), messagesPerChat: [2, 4] },
      requestsPerSecond: UNLIMITED,
      workers: 1,
      killAt: some / 2,
    };
    return { name: `size-${chats}`, kind: 'size', environment, isLong: true };
  };
  const memory: Scenario = {
    name: 'memory',
    kind: 'memory',
    environment: { tenant: { ...tenant(0), hostile: quick ? 1 : 3 }, requestsPerSecond: UNLIMITED, workers: 1 },
  };
  const bigChats = quick ? [2500] : [2500, 2500, 2500, 1000, 1001];
  const requests: Scenario = {
    name: 'requests',
    kind: 'requests',
    environment: { tenant: tenant(quick ? 50 : 1500, { bigChats }), requestsPerSecond: UNLIMITED, workers: 1 },
  };
  return [
    rate(4, 1, 40, [300]),
    rate(4, 1, 40, [2000]),
    rate(4, 1, 40, [5000]),
    rate(4, 3, 40, [300]),
    rate(4, 3, 40, [5000]),
    rate(10, 1, 30, [300]),
    rate(10, 1, 30, [2000]),
    rate(10, 1, 30, [5000]),
    rate(10, 1, 45, [20_000]),
    rate(10, 1, 45, [300, 5000, 300]),
    rate(10, 3, 30, [300]),
    rate(10, 3, 30, [5000]),
    rate(4, 1, 900, [5000], 'rate-4-pages'),
    rate(10, 1, 400, [5000], 'rate-10-pages'),
    requests,
    memory,
    unlimited(1000),
    unlimited(10_000),
    perUser(50_000),
    size(100_000),
  ];
}
