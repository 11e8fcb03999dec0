/** Ends the server of global-setup.ts, in the process that started it. */
export default async function teardown(): Promise<void> {
  await globalThis.temporalEnvironment?.teardown();
}
