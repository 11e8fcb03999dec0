import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** A port before the Temporal server of the test run: for whoever connects there it goes down and comes back. */
export interface Relay {
  readonly address: string;
  /** Connections that are open. */
  open(): number;
  /** From the n-th connection on from now, Temporal is down. */
  goDownAfter(connections: number): Promise<void>;
  comeBack(): Promise<void>;
  close(): Promise<void>;
}

export async function startRelay(target: string): Promise<Relay> {
  const [host = '', targetPort] = target.split(':');
  const sockets = new Set<Socket>();
  let left = Infinity;
  let server: Server | undefined;
  let port = 0;

  async function listen(): Promise<void> {
    const listening = createServer((near) => {
      const far = connect({ host, port: Number(targetPort) });
      near.pipe(far).pipe(near);
      sockets.add(near);
      for (const socket of [near, far]) {
        socket.on('error', () => undefined);
        socket.once('close', () => {
          sockets.delete(near);
          near.destroy();
          far.destroy();
        });
      }
      left -= 1;
      if (left <= 0) listening.close();
    });
    server = listening;
    listening.listen(port, '127.0.0.1');
    await once(listening, 'listening');
    ({ port } = listening.address() as AddressInfo);
  }
  async function down(): Promise<void> {
    const closed = server?.listening ? once(server, 'close') : undefined;
    server?.close();
    for (const socket of sockets) socket.destroy();
    await closed;
  }

  await listen();
  return {
    address: `127.0.0.1:${port}`,
    open: () => sockets.size,
    async goDownAfter(connections) {
      if (connections === 0) await down();
      else left = connections;
    },
    async comeBack() {
      left = Infinity;
      if (!server?.listening) await listen();
    },
    close: down,
  };
}
