import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { lowPort } from './low-port';
import { findServer, startServer, type Server } from './program';

/** The labels of a result. */
export type Labels = Readonly<Record<string, string>>;

export interface Rule {
  name: string;
  state: string;
  /** `ok` if it could be evaluated. */
  health: string;
}

export interface Prometheus extends Server {
  /** @throws Error for what is no query */
  query(expression: string): Promise<Labels[]>;
  rules(): Promise<Rule[]>;
}

const queried = z.object({
  data: z.object({ result: z.array(z.object({ metric: z.record(z.string(), z.string()) })) }),
});
const ruled = z.object({
  data: z.object({
    groups: z.array(
      z.object({ rules: z.array(z.object({ name: z.string(), state: z.string(), health: z.string() })) }),
    ),
  }),
});

export const findPrometheus = (): string | undefined => findServer('prometheus');

/** promtool, which comes with it. */
export const promtoolOf = (program: string): string => join(dirname(program), 'promtool');

/** Starts Prometheus. @param folder Empty. @param config In YAML, or in JSON. */
export async function startPrometheus(program: string, folder: string, config: string): Promise<Prometheus> {
  const file = join(folder, 'prometheus.yml');
  writeFileSync(file, config);
  const address = `127.0.0.1:${await lowPort()}`;
  const ask = async (path: string): Promise<unknown> => {
    const answer = await fetch(`http://${address}${path}`);
    if (!answer.ok) throw new Error(`${path}: ${await answer.text()}`);
    return answer.json();
  };
  const server = await startServer({
    program,
    args: [
      `--config.file=${file}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=${address}`,
      '--log.level=warn',
    ],
    log: join(folder, 'log'),
    probe: async () => {
      const { ok, status } = await fetch(`http://${address}/-/ready`);
      if (!ok) throw new Error(`it answers ${status}`);
    },
  });
  return {
    ...server,
    async query(expression) {
      const answer = await ask(`/api/v1/query?query=${encodeURIComponent(expression)}`);
      return queried.parse(answer).data.result.map(({ metric }) => metric);
    },
    rules: async () => ruled.parse(await ask('/api/v1/rules')).data.groups.flatMap(({ rules }) => rules),
  };
}
