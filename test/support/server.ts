const required = (name: string): string => {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set: test/support/global-setup.ts did not run`);
  return value;
};

/** The server that the whole test run shares. */
export const address = required('TEST_TEMPORAL_ADDRESS');
export const workflowBundle = { codePath: required('TEST_WORKFLOW_BUNDLE') };
