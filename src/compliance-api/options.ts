import type { Dispatcher } from 'undici';
import type { FailureKind } from '../domain/failure-kinds';
import type { ProxySettings } from '../http/connection';
import type { Endpoint } from './errors';
import type { Pacer } from './pacer';

export interface Timeouts {
  connectMs: number;
  headersMs: number;
  /** The longest silence within a body. */
  bodyMs: number;
  /** The longest time for a whole body, even if it keeps arriving. */
  wholeBodyMs: number;
  /** The longest wait of a large body for memory. */
  roomMs: number;
}

export interface ComplianceApiOptions {
  /** The URL of the API, or of a gateway to it; a path prefix is kept. */
  baseUrl: string;
  /** Called before each request, so that the key can be rotated. An error becomes `no-key`. */
  accessKey: () => Promise<string> | string;
  pacer: Pacer;
  /** The product's version, for `User-Agent`. */
  version: string;
  timeouts?: Partial<Timeouts>;
  /** The largest body, after decompression (64 MiB). */
  bodyCapBytes?: number;
  /** Used instead of the environment's proxy or a direct connection; `close` leaves it open. */
  dispatcher?: Dispatcher;
  /** Proxy settings that are not in the process's environment. */
  proxy?: ProxySettings;
  /** Called at the end of each HTTP request. */
  observe?: (endpoint: Endpoint, outcome: RequestOutcome) => void;
  /** Called when an HTTP request is sent; the returned function, once the API has answered or failed. */
  sent?: () => () => void;
}

/** The outcome of an HTTP request; `ok` also if the caller could not use a good answer. */
export type RequestOutcome = 'ok' | 'cancelled' | FailureKind;

export interface RequestOptions {
  /** Aborts the request in any phase; the call then throws the signal's reason. */
  signal?: AbortSignal | undefined;
}

export const defaultTimeouts: Timeouts = {
  connectMs: 10_000,
  headersMs: 60_000,
  bodyMs: 60_000,
  wholeBodyMs: 120_000,
  roomMs: 60_000,
};
