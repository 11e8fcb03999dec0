// Runs buildah in a store of our own, without an engine and without overlay mounts.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { cacheFolder } from '../temporal-cli.mjs';

const store = join(cacheFolder, 'image');
const at = ['--root', join(store, 'root'), '--runroot', join(store, 'run'), '--storage-driver', 'vfs'];

/** What it prints; what it says goes to stderr. @throws Error if it fails */
export const buildah = (...args) =>
  execFileSync('buildah', [...at, ...args], {
    encoding: 'utf8',
    env: { ...process.env, BUILDAH_ISOLATION: 'chroot' },
    stdio: ['ignore', 'pipe', 'inherit'],
    maxBuffer: 64 * 1024 * 1024,
  }).trim();

/** @param name As in a Dockerfile, with its tag. */
export const hasImage = (name) =>
  buildah('images', '--noheading', '--format', '{{.Name}}:{{.Tag}}')
    .split('\n')
    .some((image) => image.endsWith(`/${name}`));
