// An S3-compatible server, versitygw, built by Go.
import { join } from 'node:path';
import { cacheFolder, isExecutable, onPath } from '../temporal-cli.mjs';
import { goBuild } from '../go-build.mjs';

const VERSION = 'v1.8.0';
const built = join(cacheFolder, `versitygw-${VERSION}`);

/** Its program; undefined if it is not at hand. */
export const find = () => (isExecutable(built) ? built : onPath('versitygw'));

/** Two minutes on one core. */
export const install = () =>
  goBuild(built, async (folder, go) => {
    await go(['install', `github.com/versity/versitygw/cmd/versitygw@${VERSION}`], { GOBIN: folder });
    return join(folder, 'versitygw');
  });
