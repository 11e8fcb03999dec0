import { chown, cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { request } from 'undici';
import { lowPort } from './low-port';
import { startServer, type Server } from './server';
import { account, folderOf, remove } from './unprivileged';

/** Starts OpenSearch, one node, empty, without credentials. @param home As installed. @param more Lines of its configuration. */
export async function startOpenSearch(home: string, more: readonly string[] = []): Promise<Server> {
  const who = account();
  const folder = await folderOf(who, 'opensearch');
  await cp(home, folder, { recursive: true });
  for (const name of ['config', 'data', 'logs', 'plugins']) {
    await mkdir(join(folder, name));
    if (who.uid !== undefined && who.gid !== undefined) await chown(join(folder, name), who.uid, who.gid);
  }
  const [port, transport] = [await lowPort(), await lowPort()];
  await writeFile(
    join(folder, 'config', 'opensearch.yml'),
    [...configuration(port, transport), ...more, ''].join('\n'),
  );
  await writeFile(join(folder, 'config', 'log4j2.properties'), LOGGING);
  const url = `http://127.0.0.1:${port}`;
  return startServer(
    {
      ...{ folder, account: who, log: join(folder, 'log') },
      command: 'java',
      args: [
        ...[
          '-Xms384m',
          '-Xmx384m',
          `-Dopensearch.path.home=${folder}`,
          `-Dopensearch.path.conf=${join(folder, 'config')}`,
        ],
        ...['-Dopensearch.distribution.type=zip', '-Djava.security.manager=allow', '-Dlog4j2.disable.jmx=true'],
        ...[
          '-Dio.netty.noUnsafe=true',
          '-Dio.netty.noKeySetOptimization=true',
          `-Djava.io.tmpdir=${join(folder, 'data')}`,
        ],
        ...['-cp', join(folder, 'lib', '*'), 'org.opensearch.bootstrap.OpenSearch'],
      ],
      answers: () => answers(url),
    },
    url,
    () => remove(folder),
  );
}

const configuration = (port: number, transport: number): string[] => [
  'discovery.type: single-node',
  'network.host: 127.0.0.1',
  `http.port: ${port}`,
  `transport.port: ${transport}`,
  'cluster.routing.allocation.disk.threshold_enabled: false',
];

const LOGGING = `rootLogger.level = warn
appender.c.type = Console
appender.c.name = c
appender.c.layout.type = PatternLayout
rootLogger.appenderRef.c.ref = c
`;

/** With what it had before: its shards are there. */
async function answers(url: string): Promise<boolean> {
  try {
    const { statusCode, body } = await request(`${url}/_cluster/health`);
    const { status } = (await body.json()) as { status: string };
    return statusCode === 200 && status !== 'red';
  } catch {
    return false;
  }
}
