import { opensearch } from '../../src/destinations/opensearch/definition';
import { destinationContract } from '../support/destination-contract';
import { describeOpenSearch, hitsOf, makeOpenSearch, openSearchServer } from './opensearch-under-test';

describeOpenSearch('opensearch', () => {
  const { running, open, ask } = openSearchServer();

  destinationContract('opensearch', async () => {
    const { index, url } = open();
    let isKilled = false;
    return {
      make: () => makeOpenSearch({ URL: url, INDEX: index }),
      limits: opensearch.limits ?? null,
      keepsOnce: true,
      stored: async () => (await hitsOf(ask, index)).map(({ _source }) => ({ id: String(_source['id']) })),
      async kill() {
        isKilled = true;
        await running().kill();
      },
      async start() {
        await running().restart();
        isKilled = false;
      },
      async close() {
        if (isKilled) await running().restart();
      },
    };
  });
});
