import { postgres } from '../../src/destinations/postgres/definition';
import { destinationContract } from '../support/destination-contract';
import { describePostgres, postgresServer } from './postgres-under-test';

describePostgres('postgres', () => {
  const { running, open } = postgresServer();

  destinationContract('postgres', async () => {
    const database = await open();
    let isKilled = false;
    return {
      make: () => database.make(),
      limits: postgres.limits ?? null,
      keepsOnce: true,
      async stored() {
        const tables = await database.query("SELECT FROM pg_class WHERE relname = 'chat_messages'");
        if (tables.length === 0) return [];
        interface Row {
          id: string;
          raw: string | null;
        }
        const rows = await database.query<Row>('SELECT id, raw FROM chat_messages ORDER BY chat_id, id');
        return rows.map(({ id, raw }) => ({ id, ...(raw !== null && { json: raw }) }));
      },
      async kill() {
        isKilled = true;
        await running().kill();
      },
      async start() {
        await running().restart();
        isKilled = false;
      },
      async close() {
        await database.close();
        if (isKilled) await running().restart();
      },
    };
  });
});
