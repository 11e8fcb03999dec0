import type { ConnectionOptions } from 'node:tls';
import { Agent, EnvHttpProxyAgent, type Dispatcher } from 'undici';
import { isLoopback } from '../text/loopback';

/** Cookies and policies of gateways may fill more than undici's 16 KiB. */
const HEADER_BYTES = 128 * 1024;

/** The proxy settings that come from `.env` and not from the process's environment. */
export interface ProxySettings {
  httpsProxy?: string;
  noProxy?: string;
}

/** Certificates of our own, in PEM. */
export type Certificates = Pick<ConnectionOptions, 'ca' | 'cert' | 'key'>;

export interface ConnectionSettings {
  connectMs: number;
  proxy?: ProxySettings | undefined;
  certificates?: Certificates;
}

/**
 * Creates connections to a server: through the environment's proxy (`HTTPS_PROXY`, `NO_PROXY`; undici reads them), but
 * to a loopback host always direct, as plain http must not carry a key to a proxy. None follows a redirect.
 * @throws Error if the proxy is not a URL; the message does not quote it, as it may hold a password.
 */
export function createConnection(
  baseUrl: URL,
  { connectMs, proxy = {}, certificates = {} }: ConnectionSettings,
): Dispatcher {
  const connect = { timeout: connectMs, ...certificates };
  const limits = { maxHeaderSize: HEADER_BYTES };
  if (isLoopback(baseUrl.hostname)) return new Agent({ ...limits, connect });
  try {
    return new EnvHttpProxyAgent({
      ...limits,
      ...proxy,
      connect,
      proxyTls: { timeout: connectMs },
      requestTls: connect,
    });
  } catch {
    throw new Error('HTTPS_PROXY or HTTP_PROXY is not the URL of a proxy');
  }
}
