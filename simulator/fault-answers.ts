import type { ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';
import { sendError, sendJson } from './answers';
import { ApiError } from './errors';
import type { FaultKind, FaultOptions } from './faults';

const HUGE_BYTES = 100 * 1024 * 1024;
const DRIP_EVERY_MS = 100;

/**
 * Answers with a fault. @param rightBody Makes the healthy body. @throws ApiError if the healthy answer is a refusal
 */
export function sendFault(
  kind: FaultKind,
  response: ServerResponse,
  rightBody: () => string,
  options: FaultOptions,
): void {
  switch (kind) {
    case '500':
      return sendError(response, new ApiError(500, 'Internal server error'));
    case '500-no-retry':
      return sendError(response, new ApiError(500, 'Internal server error', { 'x-should-retry': 'false' }));
    case '502-html':
      response.writeHead(502, { 'content-type': 'text/html' });
      response.end('<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>');
      return;
    case '503':
      return sendError(response, new ApiError(503, 'Service unavailable'));
    case '504':
      return sendError(response, new ApiError(504, 'Gateway timeout'));
    case '529':
      return sendError(response, new ApiError(529, 'Overloaded'));
    case '429': {
      const retryAfter = String(options.retryAfterSeconds ?? 1);
      return sendError(response, new ApiError(429, 'Rate limit exceeded', { 'retry-after': retryAfter }));
    }
    case '429-bare':
      return sendError(response, new ApiError(429, 'Rate limit exceeded'));
    case 'reset':
      response.socket?.resetAndDestroy();
      return;
    case 'cut-body':
      return sendPart(response, half(rightBody()), Buffer.byteLength(rightBody()));
    case 'wrong-length':
      return sendPart(response, rightBody(), Buffer.byteLength(rightBody()) + 10);
    case 'cut-json':
      return sendJson(response, 200, half(rightBody()));
    case 'other-shape':
      return sendJson(response, 200, JSON.stringify({ status: 'ok', result: { items: 3 } }));
    case 'no-headers':
      return;
    case 'drip':
      return drip(response);
    case 'redirect':
      response.writeHead(302, { location: options.redirectTo ?? 'https://elsewhere.example.com/v1/compliance' });
      response.end();
      return;
    case 'gzip': {
      const body = gzipSync(rightBody());
      response.setHeader('content-encoding', 'gzip');
      return sendJson(response, 200, body);
    }
    case 'huge':
      return sendHuge(response);
    case '200-html':
      response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' });
      response.end('<html><head><title>Sign in</title></head><body><form>Sign in</form></body></html>');
      return;
    case '503-no-retry':
      return sendError(response, new ApiError(503, 'Service unavailable', { 'x-should-retry': 'false' }));
    case '400':
      return sendError(response, new ApiError(400, 'Request could not be processed'));
    case '403':
      return sendError(response, new ApiError(403, 'Access denied by policy'));
    case '404':
      return sendError(response, new ApiError(404, 'Not found'));
  }
}

function half(text: string): string {
  return text.slice(0, Math.floor(text.length / 2));
}

/** Announces `length` bytes, sends fewer, and closes the connection after them. */
function sendPart(response: ServerResponse, part: string, length: number): void {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': length });
  response.write(part, () => response.destroy());
}

/** Sends white space, which may precede JSON, until the client hangs up. */
function drip(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'application/json' });
  const timer = setInterval(() => response.write(' '), DRIP_EVERY_MS);
  response.once('close', () => clearInterval(timer));
}

function sendHuge(response: ServerResponse): void {
  const piece = 'x'.repeat(64 * 1024);
  let left = HUGE_BYTES;
  response.writeHead(200, { 'content-type': 'application/json' });
  response.write('{"padding":"');
  const pump = (): void => {
    while (left > 0) {
      left -= piece.length;
      if (response.destroyed) return;
      if (!response.write(piece)) {
        response.once('drain', pump);
        return;
      }
    }
    response.end('"}');
  };
  pump();
}
