import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ConnectionOptions, PeerCertificate } from 'node:tls';
import { connectionOptions } from '../../src/destinations/postgres/connection-options';
import { authority, signed } from '../support/certificate';
import { delivery, failure, lines, never, place } from './deliveries';
import { describePostgres, postgresServer } from './postgres-under-test';

const tlsOf = (url: string): ConnectionOptions | false =>
  connectionOptions(url, {}, 'POSTGRES_').ssl as ConnectionOptions | false;

describe('sslmode', () => {
  const other = { subject: { CN: 'other' }, subjectaltname: 'DNS:other.example.com' } as unknown as PeerCertificate;
  const refuses = (url: string): boolean => {
    const tls = tlsOf(url);
    if (tls === false) throw new Error('no TLS');
    return tls.rejectUnauthorized === true && tls.checkServerIdentity?.('other.example.com', other) !== undefined;
  };

  it('is verify-full unless the URL says otherwise, by the name in it, also if that is an address', () => {
    for (const host of ['db.example.com', '10.1.2.3', '[2001:db8::1]']) {
      expect(refuses(`postgresql://u@${host}/d`)).toBe(true);
      expect(refuses(`postgresql://u@${host}/d?sslmode=verify-full`)).toBe(true);
      expect(refuses(`postgresql://u@${host}/d?sslmode=verify-ca`)).toBe(false);
      expect(tlsOf(`postgresql://u@${host}/d?sslmode=verify-ca`)).toMatchObject({ rejectUnauthorized: true });
    }
    expect(refuses('postgresql://u@other.example.com/d')).toBe(false);
  });

  it('is disable on this machine', () => {
    for (const url of [
      'postgresql://u@localhost/d',
      'postgresql://u@[::1]/d',
      'postgresql:///d?host=/run/postgresql',
    ]) {
      expect(tlsOf(url)).toBe(false);
    }
    expect(tlsOf('postgresql://u@127.0.0.1.example.com/d')).not.toBe(false);
    expect(tlsOf('postgresql:///d?host=db.example.com')).not.toBe(false);
    expect(tlsOf('postgresql://localhost/d?host=localhost&host=db.example.com')).not.toBe(false);
  });

  it.each(['prefer', 'allow', 'no-verify', ''])('is never %p', (mode) => {
    expect(() => tlsOf(`postgresql://u@h/d?sslmode=${mode}`)).toThrow('sslmode must be one of');
  });

  it.each(['ssl=0', 'sslrootcert=/etc/passwd', 'uselibpqcompat=true'])('is not undone by %s', (parameter) => {
    expect(() => tlsOf(`postgresql://u@h/d?${parameter}`)).toThrow('is not for here');
  });
});

describePostgres('postgres with TLS', () => {
  const { open } = postgresServer(signed);
  const batch = delivery(place(1, 0), place(1, 1), lines(2));

  it('is trusted by CA_FILE, and not without; `require` asks for no more than TLS', async () => {
    const database = await open();
    const caFile = join(await mkdtemp(join(tmpdir(), 'ca-')), 'ca.pem');
    await writeFile(caFile, authority);
    const make = (mode: string, settings = {}) =>
      database.make({ settings, url: async () => `${database.url}?sslmode=${mode}` });
    for (const mode of ['verify-full', 'verify-ca']) {
      const error = await failure((await make(mode)).deliver(batch, never));
      expect(error).toMatchObject({ answer: 'wait', message: expect.stringContaining('POSTGRES_CA_FILE') });
    }
    for (const made of [make('verify-full', { CA_FILE: caFile }), make('require')]) {
      const destination = await made;
      await destination.deliver(batch, never);
      const sessions = `SELECT DISTINCT s.ssl FROM pg_stat_ssl s JOIN pg_stat_activity USING (pid) WHERE application_name LIKE 'compliance%'`;
      expect(await database.query(sessions)).toEqual([{ ssl: true }]);
      await destination.close();
    }
    await database.close();
  });
});
