import { randomUUID } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import type { SecureServerOptions } from 'node:http2';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Environment } from '../../src/config/environment';
import { connectClient } from '../../src/temporal/connect';
import { TemporalError } from '../../src/temporal/errors';
import { temporalSettings, type TemporalSettings } from '../../src/temporal/settings';
import { connectWorker } from '../../src/temporal/worker-connection';
import { authority, certificate, signed } from '../support/certificate';
import { address } from '../support/server';
import '../support/temporal';
import { startTlsRelay, type TlsRelay } from '../support/tls-relay';

const folder = mkdtempSync(join(tmpdir(), 'temporal-tls-'));
function file(pem: string): string {
  const path = join(folder, `${randomUUID()}.pem`);
  writeFileSync(path, pem);
  return path;
}

const trusting = (pem: string): Environment => ({ TEMPORAL_TLS_SERVER_CA_CERT_PATH: file(pem) });
const as = ({ cert, key }: typeof signed): Environment => ({
  TEMPORAL_TLS_CLIENT_CERT_PATH: file(cert),
  TEMPORAL_TLS_CLIENT_KEY_PATH: file(key),
});
const mutual = { ...signed, ca: authority, requestCert: true, rejectUnauthorized: true };

let relay: TlsRelay | undefined;
afterEach(() => relay?.close());

async function behind(tls: SecureServerOptions, environment: Environment, apiKey?: string): Promise<TemporalSettings> {
  relay = await startTlsRelay(address, tls, apiKey);
  return temporalSettings({ TEMPORAL_CONFIG_FILE: '/dev/null', TEMPORAL_ADDRESS: relay.address, ...environment });
}

async function callAsClient(settings: TemporalSettings): Promise<void> {
  const client = await connectClient(settings);
  await client.connection.close();
}

/** Through both connections of a worker. */
async function callAsWorker(settings: TemporalSettings): Promise<void> {
  const connection = await connectWorker(settings);
  await connection.native.workflowService.describeNamespace({ namespace: settings.namespace });
  await connection.close();
}

const CALLERS = [
  ['a client', callAsClient],
  ['a worker', callAsWorker],
] as const;

describe.each(CALLERS)('%s', (_caller, call) => {
  it.each<[string, SecureServerOptions, Environment]>([
    ['a certificate of the authority that is named', signed, trusting(authority)],
    ['a certificate that is named itself', certificate, trusting(certificate.cert)],
    ["a server that wants a client's certificate, with one", mutual, { ...trusting(authority), ...as(signed) }],
  ])('gets through to %s', async (_title, tls, environment) => {
    await call(await behind(tls, environment));
  });

  it.each<[string, SecureServerOptions, Environment, RegExp]>([
    ["no client's certificate", mutual, trusting(authority), /wants TLS, and not as it is set.*CLIENT_CERT_PATH/],
    [
      "a client's certificate of nobody",
      mutual,
      { ...trusting(authority), ...as(certificate) },
      /wants TLS, and not as it is set.*CLIENT_CERT_PATH/,
    ],
    [
      'another authority',
      signed,
      trusting(certificate.cert),
      /certificate at .* is not trusted \(\w+\).*_CA_CERT_PATH/,
    ],
    ['no authority', signed, { TEMPORAL_TLS: 'true' }, /certificate at .* is not trusted \(\w+\).*_CA_CERT_PATH/],
    ['no TLS', signed, {}, /answers with TLS only: TEMPORAL_TLS=true/],
  ])('says in one line what is wrong with %s', async (_title, tls, environment, message) => {
    const failure = await call(await behind(tls, environment)).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(TemporalError);
    expect(failure).toMatchObject({ message: expect.stringMatching(message), lasting: true });
    expect(String(failure)).not.toMatch(/\n|alert|SSL routines|tonic|rustls/);
  });
});

const KEY = 'a key of Temporal Cloud';

test('the API key goes with every call of a client and of a worker', async () => {
  const settings = await behind(signed, { ...trusting(authority), TEMPORAL_API_KEY: KEY }, KEY);
  for (const [, call] of CALLERS) await call(settings);
  const agents = relay!.calls.map((headers) => headers['user-agent'] ?? '');
  expect(agents).toEqual(
    expect.arrayContaining([expect.stringContaining('grpc-node'), expect.stringContaining('tonic')]),
  );
  expect(new Set(relay!.calls.map((headers) => headers.authorization))).toEqual(new Set([`Bearer ${KEY}`]));
});

test.each(CALLERS)('%s names an API key that is refused, and does not show it', async (_caller, call) => {
  const settings = await behind(signed, { ...trusting(authority), TEMPORAL_API_KEY: 'a wrong key' }, KEY);
  const failure = await call(settings).catch((error: unknown) => error);
  expect(failure).toMatchObject({ message: expect.stringMatching(/refuses these credentials.*TEMPORAL_API_KEY/) });
  expect(String(failure)).not.toContain('wrong key');
});
