import type { ProxySettings } from '../http/connection';
import type { Environment } from './environment';

/** The proxy's variables, which may be in `.env` and so not in the process's own environment. */
export function proxyOf({ HTTPS_PROXY, https_proxy, NO_PROXY, no_proxy }: Environment): ProxySettings {
  const httpsProxy = HTTPS_PROXY ?? https_proxy;
  const noProxy = NO_PROXY ?? no_proxy;
  return { ...(httpsProxy ? { httpsProxy } : {}), ...(noProxy ? { noProxy } : {}) };
}
