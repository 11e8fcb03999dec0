import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { sendError, sendJson } from './answers';
import { Cursors } from './cursors';
import { ENDPOINTS } from './endpoints';
import { ApiError } from './errors';
import { sendFault } from './fault-answers';
import { FaultSwitch, type FaultKind, type FaultOptions } from './faults';
import { DEMO_KEY, KeyRing, requireScope, type Key, type KeySpec } from './keys';
import { createLiveMode, type LiveOptions } from './live';
import { createTenant } from './random-tenant';
import { RateBudget } from './rate-budget';
import { RULES, type Generation } from './rules';
import type { Tenant } from './tenant';

export interface SimulatorOptions {
  /** Default 0: any that is free. */
  readonly port?: number | undefined;
  readonly host?: string | undefined;
  /** Default: `createTenant()`. */
  readonly tenant?: Tenant | undefined;
  readonly generation?: Generation | undefined;
  /** Default: `DEMO_KEY` with both scopes. */
  readonly keys?: readonly KeySpec[] | undefined;
  /** Before each answer, ms; or that of the n-th request, from 0. */
  readonly latencyMs?: number | ((n: number) => number) | undefined;
  /** Default 600; Infinity also leaves the ratelimit headers out. */
  readonly rateLimitPerMinute?: number | undefined;
  readonly faults?: FaultOptions | undefined;
  readonly live?: LiveOptions | undefined;
  /** Milliseconds since 1970, for `Date`, for changes of the tenant and for what is visible yet. */
  readonly clock?: (() => number) | undefined;
  /** Where the API is mounted, as `/gateway`. */
  readonly pathPrefix?: string | undefined;
  /** False leaves the `Date` header out. */
  readonly sendDate?: boolean | undefined;
  /** Leaves out what the newest official examples do not have, instead of sending null. */
  readonly absent?: boolean | undefined;
}

/** A request as it came in. Holds no secret. */
export interface LoggedRequest {
  /** When it arrived, in milliseconds of a clock that never jumps (whatever the simulator's clock says). */
  readonly at: number;
  readonly method: string;
  readonly path: string;
  /** As sent, without the question mark. */
  readonly query: string;
  /** `key-1`, `key-2`, in the order in which the keys were set; null when it failed authentication. */
  keyId: string | null;
  /** Null until (or because never) answered. */
  status: number | null;
  requestId: string;
  fault: FaultKind | null;
}

export interface Simulator {
  /** The base URL, with the path prefix. */
  readonly url: string;
  readonly port: number;
  readonly tenant: Tenant;
  readonly clock: () => number;
  /** Oldest first. */
  readonly requests: readonly LoggedRequest[];
  /** Replaces all faults; none when left out. */
  setFaults(faults?: FaultOptions): void;
  /** Replaces the live mode; off when left out. */
  setLive(live?: LiveOptions): void;
  /** The server is upgraded, or the other way round. */
  setGeneration(generation: Generation): void;
  /** Whether cursors are refused as expired. */
  setCursorsExpired(expired: boolean): void;
  /** An administrator switches the Compliance API on or off. */
  setApiEnabled(enabled: boolean): void;
  /** Adds a key, or changes its scopes. */
  setKey(key: KeySpec): void;
  revokeKey(key: string): void;
  /** Other integrations take from the budget. */
  spendBudget(requests: number): void;
  /** Ends every connection, the hanging ones too. */
  close(): Promise<void>;
}

/** Serves a tenant by the rules of the Compliance API until closed. */
export async function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const { host = '127.0.0.1', generation = 'now', latencyMs = 0, pathPrefix = '', sendDate = true } = options;
  const tenant = options.tenant ?? createTenant();
  const clock = options.clock ?? tenant.clock;
  tenant.clock = clock;
  let rules = RULES[generation];
  const keys = new KeyRing();
  for (const key of options.keys ?? [{ key: DEMO_KEY }]) keys.set(key);
  const budget = new RateBudget(options.rateLimitPerMinute ?? 600, () => performance.now());
  const cursors = new Cursors(tenant.seed);
  const requests: LoggedRequest[] = [];
  let faults = new FaultSwitch(options.faults);
  let isEnabled = true;
  let beforeAnswer = options.live ? createLiveMode(tenant, options.live) : undefined;

  const body = (key: Key, request: LoggedRequest, version: string | string[] | undefined): string => {
    if (request.method !== 'GET') throw new ApiError(405, `Method ${request.method} is not allowed`, { allow: 'GET' });
    if (version !== undefined && version !== '2023-06-01')
      throw new ApiError(400, 'anthropic-version: unknown version');
    const path = request.path.startsWith(`${pathPrefix}/`) ? request.path.slice(pathPrefix.length) : '';
    for (const endpoint of ENDPOINTS) {
      const match = endpoint.path.exec(path);
      if (!match) continue;
      requireScope(key, endpoint.scopes);
      const view = {
        tenant,
        deletedChatsKeepTheirName: rules.deletedChatsKeepTheirName,
        absent: options.absent ?? false,
        organizationUuid: key.organizationUuid,
      };
      const parameters = new URLSearchParams(request.query);
      return JSON.stringify(endpoint.answer({ view, rules, cursors }, parameters, decode(match[1] ?? '')));
    }
    throw new ApiError(404, 'Not found');
  };

  const spendOne = (): void => {
    const spent = budget.spend();
    if (spent.ok) return;
    const retryAfter = String(Math.ceil(spent.waitMs / 1_000));
    throw new ApiError(429, 'This request would exceed your rate limit', { 'retry-after': retryAfter });
  };

  const reportBudget = (response: ServerResponse): void => {
    const state = budget.state();
    if (!state) return;
    response.setHeader('anthropic-ratelimit-requests-limit', String(state.limit));
    response.setHeader('anthropic-ratelimit-requests-remaining', String(state.remaining));
    const reset = new Date(clock() + Math.ceil(state.resetMs / 1_000) * 1_000);
    response.setHeader('anthropic-ratelimit-requests-reset', reset.toISOString().replace(/\.\d+Z$/, 'Z'));
  };

  const answer = (request: LoggedRequest, incoming: IncomingMessage, response: ServerResponse): void => {
    try {
      const key = keys.authenticate(incoming.headers['x-api-key']);
      request.keyId = key.id;
      try {
        spendOne();
      } finally {
        reportBudget(response);
      }
      if (!isEnabled) throw new ApiError(400, 'Compliance API is not enabled for this organization');
      tenant.advanceTo(clock());
      beforeAnswer?.();
      const fault = faults.next(decode(request.path));
      const rightBody = (): string => body(key, request, incoming.headers['anthropic-version']);
      if (fault === undefined) return sendJson(response, 200, rightBody());
      request.fault = fault;
      sendFault(fault, response, rightBody, faults.options);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      sendError(response, error);
    }
  };

  const server = createServer((incoming, response) => {
    const [path = '', query = ''] = splitOnce(incoming.url ?? '', '?');
    const requestId = `req_${randomUUID().replaceAll('-', '')}`;
    const request: LoggedRequest = {
      at: performance.timeOrigin + performance.now(),
      method: incoming.method ?? '',
      path,
      query,
      keyId: null,
      status: null,
      requestId,
      fault: null,
    };
    requests.push(request);
    incoming.resume();
    response.sendDate = false;
    response.setHeader('request-id', requestId);
    if (sendDate) response.setHeader('date', new Date(clock()).toUTCString());
    const go = (): void => {
      answer(request, incoming, response);
      if (response.headersSent) request.status = response.statusCode;
    };
    const waitMs = typeof latencyMs === 'number' ? latencyMs : latencyMs(requests.length - 1);
    if (waitMs === 0) return go();
    const timer = setTimeout(go, waitMs);
    response.once('close', () => clearTimeout(timer));
  });
  // A client that reuses a connection must not meet one that is just being closed for idleness.
  server.keepAliveTimeout = 0;

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, host, resolve);
  });
  const { port } = server.address() as AddressInfo;

  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${port}${pathPrefix}`,
    port,
    tenant,
    clock,
    requests,
    setFaults: (next) => {
      faults = new FaultSwitch(next);
    },
    setLive: (next) => {
      beforeAnswer = next && createLiveMode(tenant, next);
    },
    setGeneration: (next) => {
      rules = RULES[next];
    },
    setCursorsExpired: (expired) => {
      cursors.expired = expired;
    },
    setApiEnabled: (enabled) => {
      isEnabled = enabled;
    },
    setKey: (key) => keys.set(key),
    revokeKey: (key) => keys.revoke(key),
    spendBudget: (count) => budget.drain(count),
    close: async () => {
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
    },
  };
}

function splitOnce(text: string, separator: string): string[] {
  const index = text.indexOf(separator);
  return index < 0 ? [text] : [text.slice(0, index), text.slice(index + 1)];
}

/** A path may be percent-encoded in ways that mean nothing. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
