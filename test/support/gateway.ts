import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { URL } from 'node:url';

/** An answer's JSON, which a gateway may change. */
export type Page = Record<string, unknown> & {
  data?: Record<string, unknown>[];
  chat_messages?: Record<string, unknown>[];
};

export interface Gateway {
  readonly url: string;
  close(): Promise<void>;
}

/**
 * A gateway between the product and the simulator, which stays a reading of the documentation: what other servers do
 * differently happens here.
 *
 * @param target Asked for each request.
 * @param change What the answer becomes; in place.
 */
export async function startGateway(
  target: () => string,
  change: (page: Page, asked: URL) => void | Promise<void>,
): Promise<Gateway> {
  const server: Server = createServer((request, response) => {
    void (async () => {
      const asked = new URL(request.url ?? '', target());
      const answer = await fetch(asked, { headers: { 'x-api-key': String(request.headers['x-api-key']) } });
      const page = (await answer.json()) as Page;
      if (answer.ok) await change(page, asked);
      response.writeHead(answer.status, { date: answer.headers.get('date') ?? '' });
      response.end(JSON.stringify(page));
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
