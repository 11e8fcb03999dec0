import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { URL } from 'node:url';

/** An answer's JSON, which a gateway may change. */
export type Page = Record<string, unknown> & {
  data?: Record<string, unknown>[];
  chat_messages?: Record<string, unknown>[];
};

/** How a cursor begins that a gateway made up: it is not passed on. */
export const OWN_CURSOR = 'made-up-';

/** What a gateway answers by itself. */
export interface OwnAnswer {
  status: number;
  body: string;
  headers?: Record<string, string>;
}

export interface Gateway {
  readonly url: string;
  close(): Promise<void>;
}

/**
 * A gateway between the product and the simulator, which stays a reading of the documentation: what other servers do
 * differently happens here.
 *
 * @param target Asked for each request.
 * @param change What the answer becomes; in place, or as what it returns.
 */
export async function startGateway(
  target: () => string,
  change: (page: Page, asked: URL) => OwnAnswer | void | Promise<void>,
): Promise<Gateway> {
  const server: Server = createServer((request, response) => {
    void (async () => {
      const asked = new URL(request.url ?? '', target());
      const forwarded = new URL(asked);
      for (const [name, value] of asked.searchParams)
        if (value.startsWith(OWN_CURSOR)) forwarded.searchParams.delete(name);
      const answer = await fetch(forwarded, { headers: { 'x-api-key': String(request.headers['x-api-key']) } });
      const page = (await answer.json()) as Page;
      const own = answer.ok ? await change(page, asked) : undefined;
      const passed = ['date', 'x-should-retry'].flatMap((name) => {
        const value = answer.headers.get(name);
        return value === null ? [] : [[name, value] as const];
      });
      const headers: Record<string, string> = Object.fromEntries(passed);
      response.writeHead(own?.status ?? answer.status, { ...headers, ...own?.headers });
      response.end(own?.body ?? JSON.stringify(page));
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

/** An error in the API's shape. */
export const refusal = (status: number, type: string, message: string): OwnAnswer => ({
  status,
  body: JSON.stringify({ type: 'error', error: { type, message }, request_id: null }),
  headers: { 'x-should-retry': 'false' },
});
