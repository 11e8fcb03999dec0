import type { Dispatcher } from 'undici';
import type { FailureKind } from '../domain/failure-kinds';
import type { ProxySettings } from './connection';
import type { Endpoint } from './errors';
import type { Pacer } from './pacer';

export interface Timeouts {
  connectMs: number;
  headersMs: number;
  /** The longest silence within a body. */
  bodyMs: number;
  /** The longest time for a whole body, however steadily it drips. */
  wholeBodyMs: number;
  /** The longest wait of a large body for the one before it. */
  roomMs: number;
}

export interface ComplianceApiOptions {
  /** Of the API or of a gateway to it; a path prefix is kept. */
  baseUrl: string;
  /** Asked before each request, so that a key can be rotated. What it throws becomes `no-key`. */
  accessKey: () => Promise<string> | string;
  pacer: Pacer;
  /** The product's version, for `User-Agent`. */
  version: string;
  timeouts?: Partial<Timeouts>;
  /** The largest body, after decompression (64 MiB). */
  bodyCapBytes?: number;
  /** Instead of the environment's proxy or a direct connection; `close` leaves it open. */
  dispatcher?: Dispatcher;
  /** Where they are not in the process's own environment. */
  proxy?: ProxySettings;
  /** Told of each HTTP request when it has ended. */
  observe?: (endpoint: Endpoint, outcome: RequestOutcome) => void;
  /** Told of each HTTP request when it is sent; what it returns, when the API has done its part, or failed to. */
  sent?: () => () => void;
}

/** What became of an HTTP request; `ok` also where the caller could not use a good answer. */
export type RequestOutcome = 'ok' | 'cancelled' | FailureKind;

export interface RequestOptions {
  /** Ends the request wherever it is; the call then throws the signal's reason. */
  signal?: AbortSignal | undefined;
}

export const defaultTimeouts: Timeouts = {
  connectMs: 10_000,
  headersMs: 60_000,
  bodyMs: 60_000,
  wholeBodyMs: 120_000,
  roomMs: 60_000,
};
