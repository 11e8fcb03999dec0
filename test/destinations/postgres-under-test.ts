import { Client } from 'pg';
import { z } from 'zod';
import { install, installed } from '../../harness/servers/installed';
import { startPostgres, type ServerCertificate } from '../../harness/servers/postgres';
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
  /** Default: the superuser's URL. */
  url?: () => Promise<string>;
}

/** An empty database, and destinations that deliver to it. */
export type Database = Awaited<ReturnType<typeof createDatabase>>;

/** A server for the tests of a file. @param tls Its certificate, if it is to speak TLS, too. */
export function postgresServer(tls?: ServerCertificate) {
  let server: Server | undefined;
  beforeAll(async () => {
    if (bin !== undefined) server = await startPostgres(bin, tls);
  });
  afterAll(() => server?.stop());
  const running = (): Server => {
    if (!server) throw new Error('no server');
    return server;
  };
  return { running, open: () => createDatabase(running()) };
}

/** A server for the tests of a file, and a database for each of them. */
export function postgresUnderTest(): Database & { server: Server } {
  const { running, open } = postgresServer();
  let database: Database | undefined;
  beforeEach(async () => {
    database = await open();
  });
  afterEach(() => database?.close());
  const current = (): Database => {
    if (!database) throw new Error('no database');
    return database;
  };
  return {
    get server() {
      return running();
    },
    get url() {
      return current().url;
    },
    make: (options) => current().make(options),
    query: (sql, values) => current().query(sql, values),
    as: (role, password) => current().as(role, password),
    connect: () => current().connect(),
    close: () => current().close(),
  };
}

let databases = 0;

async function createDatabase(server: Server) {
  databases += 1;
  await queryAt(server.url, `CREATE DATABASE test_${databases}`);
  const url = server.url.replace(/\/postgres$/, `/test_${databases}`);
  const made: RecordDestination[] = [];
  return {
    url,
    /** As a worker makes it. */
    async make({ settings = {}, name = 'postgres', url: secret = async () => url }: MakeOptions = {}) {
      const destination = await postgres.create(
        z.object(postgresSettings).parse(settings),
        settingOf(name, PREFIX, { URL: secret }),
      );
      if (!('deliver' in destination)) throw new Error('takes no records');
      made.push(destination);
      return destination;
    },
    /** Runs a statement as the superuser. */
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
    async close(): Promise<void> {
      await Promise.all(made.splice(0).map((destination) => destination.close()));
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
