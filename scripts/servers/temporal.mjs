// The Temporal server and its tool for SQL databases, for a cluster, built by Go.
import { join } from 'node:path';
import { goBuild } from '../go-build.mjs';
import { cacheFolder, isExecutable } from '../temporal-cli.mjs';

const VERSION = 'v1.29.1';
const PROGRAMS = { server: 'cmd/server', sql: 'cmd/tools/sql' };
const built = join(cacheFolder, `temporal-server-${VERSION}`);

/** The folder of its programs, `server` and `sql`; undefined if they are not at hand. */
export const find = () =>
  Object.keys(PROGRAMS).every((program) => isExecutable(join(built, program))) ? built : undefined;

/** Five minutes on two cores. */
export const install = () =>
  goBuild(built, async (folder, go) => {
    const bin = join(folder, 'bin');
    // Gigabytes that nobody else needs: they go with the folder, which is why Go must leave it writable.
    const caches = { GOPATH: join(folder, 'go'), GOCACHE: join(folder, 'cache'), GOFLAGS: '-modcacherw' };
    const packages = Object.values(PROGRAMS).map((path) => `go.temporal.io/server/${path}@${VERSION}`);
    await go(['install', ...packages], { ...caches, GOBIN: bin });
    return bin;
  });
