import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import * as net from 'node:net';
import { createComplianceApi, type ComplianceApi } from '../../src/compliance-api/client';
import { createPacer } from '../../src/compliance-api/pacer';
import type { ComplianceApiOptions } from '../../src/compliance-api/options';

export const secretKey = 'sk-ant-api01-secret';
const closers: (() => unknown)[] = [];

/** Ends every server and client of this file; for `afterEach`. */
export async function closeAll(): Promise<void> {
  await Promise.all(closers.splice(0).map((close) => close()));
}

/** An HTTP server of this machine that answers as the test says. */
export async function serve(answer: RequestListener) {
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    requests.push(request);
    answer(request, response);
  });
  closers.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: await listen(server), requests, server };
}

/** A server that, whatever it is asked, sends these bytes and hangs up. */
export async function serveBytes(...pieces: (string | Uint8Array)[]): Promise<string> {
  const server = net.createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => {
      for (const piece of pieces) socket.write(piece);
      socket.end();
    });
  });
  closers.push(() => server.close());
  return listen(server);
}

/** Answers with JSON. */
export function json(value: unknown, status = 200, headers: Record<string, string> = {}): RequestListener {
  return (_request, response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(value));
  };
}

/** A client without a pace. */
export function clientOf(baseUrl: string, options: Partial<ComplianceApiOptions> = {}): ComplianceApi {
  const api = createComplianceApi({
    baseUrl,
    accessKey: () => secretKey,
    pacer: createPacer({ requestsPerSecond: 100_000, workers: 1 }),
    version: '1.2.3',
    ...options,
  });
  closers.push(() => api.close());
  return api;
}

/** Resolves when the connection of this request has ended, however it did. */
export async function connectionClosed(request: IncomingMessage | undefined): Promise<void> {
  const socket = request?.socket;
  if (socket === undefined || socket.destroyed) return;
  await new Promise((resolve) => socket.once('close', resolve));
}

async function listen(server: Server | net.Server): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return `http://127.0.0.1:${address.port}`;
}
