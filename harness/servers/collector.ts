import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { lowPort } from './low-port';
import { findServer, startServer, type Server } from './program';

/** A log record as the collector wrote it. */
export interface Collected {
  /** In the order in which it came. */
  body: unknown;
  timeUnixNano: string | undefined;
  attributes: Record<string, unknown>;
  resource: Record<string, unknown>;
}

export interface Collector extends Server {
  hecUrl: string;
  otlpUrl: string;
  /** What has arrived in whole lines. */
  hec(): Collected[];
  otlp(): Collected[];
}

export const findCollector = (): string | undefined => findServer('collector');

/** Starts an OpenTelemetry Collector with HEC, which acknowledges, and OTLP. @param folder Empty. */
export async function startCollector(program: string, folder: string): Promise<Collector> {
  const hecAddress = `127.0.0.1:${await lowPort()}`;
  const otlpAddress = `127.0.0.1:${await lowPort()}`;
  const hecFile = join(folder, 'hec.json');
  const otlpFile = join(folder, 'otlp.json');
  const hecUrl = `http://${hecAddress}`;
  const config = configOf({ hecAddress, otlpAddress, hecFile, otlpFile });
  const server = await runCollector(program, folder, config, `${hecUrl}/services/collector/health`);
  return {
    ...server,
    hecUrl,
    otlpUrl: `http://${otlpAddress}`,
    hec: () => collectedIn(hecFile),
    otlp: () => collectedIn(otlpFile),
  };
}

/** Starts one with a configuration of its own. @param url What answers when it is ready, whatever it answers. */
export function runCollector(program: string, folder: string, config: string, url: string): Promise<Server> {
  const file = join(folder, 'config.yaml');
  writeFileSync(file, config);
  return startServer({ program, args: ['--config', file], log: join(folder, 'log'), probe: () => fetch(url) });
}

/** With a rotation the file is written without a buffer, which a kill would empty, and a restart goes on in it. */
const configOf = (at: Record<'hecAddress' | 'otlpAddress' | 'hecFile' | 'otlpFile', string>): string => `
extensions: { ack: {} }
receivers:
  splunk_hec: { endpoint: ${at.hecAddress}, ack: { extension: ack } }
  otlp: { protocols: { http: { endpoint: ${at.otlpAddress} } } }
exporters:
  file/hec: { path: ${at.hecFile}, rotation: { max_megabytes: 1000 } }
  file/otlp: { path: ${at.otlpFile}, rotation: { max_megabytes: 1000 } }
service:
  extensions: [ack]
  telemetry: { metrics: { level: none } }
  pipelines:
    logs/hec: { receivers: [splunk_hec], exporters: [file/hec] }
    logs/otlp: { receivers: [otlp], exporters: [file/otlp] }
`;

const attributes = z.array(z.object({ key: z.string(), value: z.record(z.string(), z.unknown()) })).default([]);
const lineSchema = z.object({
  resourceLogs: z.array(
    z.object({
      resource: z.object({ attributes }).default({ attributes: [] }),
      scopeLogs: z.array(
        z.object({
          logRecords: z.array(
            z.object({ timeUnixNano: z.string().optional(), body: z.record(z.string(), z.unknown()), attributes }),
          ),
        }),
      ),
    }),
  ),
});

/** The log records of a file of the file exporter. */
export function collectedIn(file: string): Collected[] {
  if (!existsSync(file)) return [];
  const whole = readFileSync(file, 'utf8').split('\n').slice(0, -1);
  return whole.flatMap(collectedOf);
}

/** The log records of one line of such a file. */
export const collectedOf = (line: string): Collected[] =>
  lineSchema.parse(JSON.parse(line)).resourceLogs.flatMap(({ resource, scopeLogs }) =>
    scopeLogs.flatMap(({ logRecords }) =>
      logRecords.map((record) => ({
        body: plain(record.body),
        timeUnixNano: record.timeUnixNano,
        attributes: named(record.attributes),
        resource: named(resource.attributes),
      })),
    ),
  );

const named = (list: z.output<typeof attributes>): Record<string, unknown> =>
  Object.fromEntries(list.map(({ key, value }) => [key, plain(value)]));

/** Of a value of OTLP, without its type. */
const plain = (value: Record<string, unknown>): unknown => Object.values(value)[0];
