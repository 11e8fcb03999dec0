import { checkServerIdentity, type ConnectionOptions } from 'node:tls';
import type { ClientConfig } from 'pg';
import { isLoopback } from '../../text/loopback';
import { DestinationError } from '../destination';

/** In PEM. */
export interface Certificates {
  ca?: string | undefined;
  cert?: string | undefined;
  key?: string | undefined;
}

const MODES = ['disable', 'require', 'verify-ca', 'verify-full'] as const;
type Mode = (typeof MODES)[number];
/** Parameters of the URL that our settings stand for, or that would undo them. */
const FOREIGN = ['ssl', 'sslrootcert', 'sslcert', 'sslkey', 'uselibpqcompat'];

/**
 * What the driver needs to connect. Without `sslmode`, the server's certificate is verified in full, on this machine's own addresses
 * there is no TLS; modes that fall back to plain text do not exist.
 * @throws DestinationError which does not quote the URL: it may hold a password
 */
export function connectionOptions(text: string, certificates: Certificates, prefix: string): ClientConfig {
  const wrong = (what: string): DestinationError => new DestinationError('bad-url', `${prefix}URL: ${what}`);
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !/^postgres(?:ql)?:$/.test(url.protocol)) {
    throw wrong('expected postgresql://user:password@host:5432/database, special characters percent-encoded');
  }
  const foreign = FOREIGN.find((name) => url.searchParams.has(name));
  if (foreign !== undefined)
    throw wrong(`${foreign} is not for here: see sslmode, ${prefix}CA_FILE, ${prefix}CERT_FILE`);
  // As the driver reads it.
  const host = url.searchParams.getAll('host').at(-1) ?? decodeURIComponent(url.hostname).replace(/^\[|\]$/g, '');
  const isLocal = host === '' || host.startsWith('/') || isLoopback(host);
  const given = url.searchParams.get('sslmode') ?? (isLocal ? 'disable' : 'verify-full');
  const mode = MODES.find((one) => one === given);
  if (mode === undefined) throw wrong(`sslmode must be one of ${MODES.join(', ')}`);
  // The driver would read another meaning into it.
  url.searchParams.delete('sslmode');
  return { connectionString: url.toString(), ssl: mode === 'disable' ? false : tlsOptions(mode, host, certificates) };
}

/** As libpq has them: `require` trusts everybody unless there is an authority to go by. */
function tlsOptions(mode: Exclude<Mode, 'disable'>, host: string, certificates: Certificates): ConnectionOptions {
  const given = Object.fromEntries(Object.entries(certificates).filter(([, pem]) => pem !== undefined));
  return {
    ...given,
    rejectUnauthorized: mode !== 'require' || certificates.ca !== undefined,
    // The driver names no host to TLS if it is an address.
    checkServerIdentity: (_, certificate) =>
      mode === 'verify-full' ? checkServerIdentity(host, certificate) : undefined,
  };
}
