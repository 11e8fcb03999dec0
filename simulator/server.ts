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
  /** Default 0: any free port. */
  readonly port?: number | undefined;
  readonly host?: string | undefined;
  /** Default: `createTenant()`. */
  readonly tenant?: Tenant | undefined;
  readonly generation?: Generation | undefined;
  /** Default: `DEMO_KEY` with the default scopes. */
  readonly keys?: readonly KeySpec[] | undefined;
  /** The delay of each answer, ms, or of the answer to the n-th request, from 0. */
  readonly latencyMs?: number | ((n: number) => number) | undefined;
  /** Default 600; Infinity omits the rate limit headers. */
  readonly rateLimitPerMinute?: number | undefined;
  readonly faults?: FaultOptions | undefined;
  readonly live?: LiveOptions | undefined;
  /** The clock of `Date` and of the tenant's events, ms since 1970; default: the tenant's. */
  readonly clock?: (() => number) | undefined;
  /** The prefix of all paths, for example `/gateway`. */
  readonly pathPrefix?: string | undefined;
  /** False omits the `Date` header; default true. */
  readonly sendDate?: boolean | undefined;
  /** Omits fields that the newest official examples lack, instead of sending null. */
  readonly absent?: boolean | undefined;
}

/** A logged request; the log holds no key. */
export interface LoggedRequest {
  /** When the request arrived, ms of a clock that never jumps. */
  readonly at: number;
  readonly method: string;
  readonly path: string;
  /** The query string as sent, without the question mark. */
  readonly query: string;
  /** `key-1`, `key-2`, ... in the order of `setKey`; null if authentication failed. */
  keyId: string | null;
  /** Null until the request is answered. */
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
  /** Replaces all faults; default none. */
  setFaults(faults?: FaultOptions): void;
  /** Replaces the live mode; default off. */
  setLive(live?: LiveOptions): void;
  /** Changes the server's rules to those of another generation. */
  setGeneration(generation: Generation): void;
  /** Sets whether all cursors are refused as expired. */
  setCursorsExpired(expired: boolean): void;
  /** Switches the Compliance API on or off, as an administrator can. */
  setApiEnabled(enabled: boolean): void;
  /** Adds a key, or replaces the key with the same text. */
  setKey(key: KeySpec): void;
  revokeKey(key: string): void;
  /** Takes requests of other clients from the rate limit. */
  spendBudget(requests: number): void;
  /** Closes the server and all connections. */
  close(): Promise<void>;
}

/** Serves a tenant as the Compliance API does. @throws Error if the port is in use */
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
  // Idle connections stay open: otherwise a client could send a request while the server closes the connection.
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

/** Decodes percent-encoding, or returns a malformed text unchanged. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
