import { Agent, EnvHttpProxyAgent, type Dispatcher } from 'undici';
import { isLoopback } from '../text/loopback';

/** The proxy settings that come from `.env` and not from the process's environment. */
export interface ProxySettings {
  httpsProxy?: string;
  noProxy?: string;
}

/**
 * Creates connections to the API: through the environment's proxy (`HTTPS_PROXY`, `NO_PROXY`; undici reads them), but
 * to a loopback host always direct, as plain http must not carry the key to a proxy.
 * @throws Error if the proxy is not a URL; the message does not quote it, as it may hold a password.
 */
export function createConnection(baseUrl: URL, connectMs: number, proxy: ProxySettings = {}): Dispatcher {
  const connect = { timeout: connectMs };
  if (isLoopback(baseUrl.hostname)) return new Agent({ connect });
  try {
    return new EnvHttpProxyAgent({ ...proxy, connect, proxyTls: connect, requestTls: connect });
  } catch {
    throw new Error('HTTPS_PROXY or HTTP_PROXY is not the URL of a proxy');
  }
}
