import { isIP } from 'node:net';

/** Whether a host name or address, as a URL has it, is this machine's own. */
export const isLoopback = (host: string): boolean =>
  ['localhost', '::1', '[::1]'].includes(host) || (isIP(host) === 4 && host.startsWith('127.'));
