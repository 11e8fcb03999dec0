import type { ServerResponse } from 'node:http';
import type { ApiError } from './errors';

export function sendJson(response: ServerResponse, status: number, body: string | Buffer): void {
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) });
  response.end(body);
}

export function sendError(response: ServerResponse, error: ApiError): void {
  // Of every 4xx but the rate limit's, the server says that it comes again.
  if (error.status < 500 && error.status !== 429) response.setHeader('x-should-retry', 'false');
  for (const [name, value] of Object.entries(error.headers)) response.setHeader(name, value);
  const requestId = response.getHeader('request-id');
  sendJson(response, error.status, JSON.stringify({ type: 'error', error: error.body, request_id: requestId ?? null }));
}
