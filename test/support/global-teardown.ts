import { rmSync } from 'node:fs';

/** Ends the server of global-setup.ts, in the process that started it, and removes the folder of the run. */
export default async function teardown(): Promise<void> {
  await globalThis.temporalEnvironment?.teardown();
  const folder = process.env['TMPDIR'];
  if (folder?.includes('chat-sync-test-')) rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}
