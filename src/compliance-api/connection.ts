import { Agent, EnvHttpProxyAgent, type Dispatcher } from 'undici';

/** Whether the host of a URL is this machine. */
export function isLoopback({ hostname }: URL): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d+){3}$/.test(hostname);
}

/** The environment's proxy, where it is not in the process's own environment. */
export interface ProxySettings {
  httpsProxy?: string;
  noProxy?: string;
}

/**
 * Connections to the API: through the proxy of the environment (`HTTPS_PROXY`, `NO_PROXY`; undici reads them), but to this
 * machine always direct, as plain http must not carry the key to a proxy.
 * @throws Error when the environment's proxy is not a URL; it does not repeat it, as it may hold a password.
 */
export function createConnection(baseUrl: URL, connectMs: number, proxy: ProxySettings = {}): Dispatcher {
  const connect = { timeout: connectMs };
  if (isLoopback(baseUrl)) return new Agent({ connect });
  try {
    return new EnvHttpProxyAgent({ ...proxy, connect, proxyTls: connect, requestTls: connect });
  } catch {
    throw new Error('HTTPS_PROXY or HTTP_PROXY is not the URL of a proxy');
  }
}
