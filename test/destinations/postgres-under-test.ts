import { Client } from 'pg';
import { z } from 'zod';
import { install, installed } from '../../harness/servers/installed';
import { startPostgres } from '../../harness/servers/postgres';
import type { Server } from '../../harness/servers/server';
import type { RecordDestination } from '../../src/destinations/destination';
import { postgres, postgresSettings } from '../../src/destinations/postgres/definition';
import { settingOf } from './deliveries';

const PREFIX = 'POSTGRES_';

function programs(): string | undefined {
  const there = installed('postgres');
  if (there !== undefined) return there;
  try {
    install('postgres');
  } catch {
    console.warn('no PostgreSQL on this machine, and none to be had from npm: its tests are skipped');
  }
  return installed('postgres');
}
const bin = programs();
export const describePostgres = bin === undefined ? describe.skip : describe;

export interface MakeOptions {
  settings?: Record<string, string>;
  name?: string;
  /** A database of the server; default the one that `database` made last. */
  url?: () => Promise<string>;
}

/** A server for the tests of a file, with an empty database for each test. */
export function postgresUnderTest() {
  let server: Server | undefined;
  let url = '';
  let databases = 0;
  const made: RecordDestination[] = [];

  beforeAll(async () => {
    if (bin !== undefined) server = await startPostgres(bin);
  });
  afterAll(() => server?.stop());
  beforeEach(async () => {
    if (!server) return;
    databases += 1;
    await queryAt(server.url, `CREATE DATABASE test_${databases}`);
    url = server.url.replace(/\/postgres$/, `/test_${databases}`);
  });
  afterEach(async () => {
    await Promise.all(made.splice(0).map((destination) => destination.close()));
  });

  async function make({ settings = {}, name = 'postgres', url: secret }: MakeOptions = {}): Promise<RecordDestination> {
    const here = url;
    const setting = settingOf(name, PREFIX, { URL: secret ?? (async () => here) });
    const destination = await postgres.create(z.object(postgresSettings).parse(settings), setting);
    if (!('deliver' in destination)) throw new Error('takes no records');
    made.push(destination);
    return destination;
  }

  return {
    make,
    get server(): Server {
      if (!server) throw new Error('no server');
      return server;
    },
    get url(): string {
      return url;
    },
    /** Runs a statement as the superuser, in the test's database. */
    query: <Row = Record<string, unknown>>(sql: string, values: unknown[] = []): Promise<Row[]> =>
      queryAt(url, sql, values),
    /** The URL of another role. */
    as: (role: string, password: string): string => url.replace(/postgres:[^@]+@/, `${role}:${password}@`),
    /** A client of the superuser's, to be ended by whoever asks. */
    async connect(): Promise<Client> {
      const client = new Client({ connectionString: url });
      client.on('error', () => undefined);
      await client.connect();
      return client;
    },
  };
}

async function queryAt<Row>(connectionString: string, sql: string, values?: unknown[]): Promise<Row[]> {
  const client = new Client({ connectionString });
  await client.connect();
  try {
    return (await client.query(sql, values)).rows as Row[];
  } finally {
    await client.end();
  }
}
