import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { pipeline } from 'node:stream/promises';

/** Forwards connections to the servers behind it. */
export interface LoadBalancer {
  readonly address: string;
  close(): Promise<void>;
}

/** Starts one for TCP: the servers of 127.0.0.1 take turns, and one that takes no connection is passed over. */
export async function startLoadBalancer(ports: readonly number[]): Promise<LoadBalancer> {
  const open = new Set<Socket>();
  let turns = 0;

  async function forward(from: Socket): Promise<void> {
    const first = turns++ % ports.length;
    const to = await connectToFirst([...ports.slice(first), ...ports.slice(0, first)]);
    if (to && !from.destroyed) await pipeline(from, to, from);
    to?.destroy();
  }

  const server = createServer((from) => {
    open.add(from);
    from.on('error', () => undefined);
    from.on('close', () => open.delete(from));
    void forward(from)
      .catch(() => undefined)
      .finally(() => from.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      const closed = once(server, 'close');
      server.close();
      for (const socket of open) socket.destroy();
      await closed;
    },
  };
}

async function connectToFirst(ports: readonly number[]): Promise<Socket | undefined> {
  for (const port of ports) {
    const socket = connect(port, '127.0.0.1');
    try {
      await once(socket, 'connect');
      return socket;
    } catch {
      socket.destroy();
    }
  }
  return undefined;
}
