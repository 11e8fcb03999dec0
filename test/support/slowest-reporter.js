const SHOWN = 10;
const FEW_FILES = 20;

/** Says after a whole run which tests took longest, so that nobody has to look for what has become slow. */
class SlowestReporter {
  onRunComplete(_contexts, { testResults }) {
    if (testResults.length < FEW_FILES) return;
    const tests = testResults.flatMap(({ testFilePath, testResults: results }) =>
      results.map(({ duration, fullName }) => ({
        seconds: (duration ?? 0) / 1000,
        name: `${testFilePath.split('/test/').pop()}: ${fullName}`,
      })),
    );
    const slowest = tests.toSorted((a, b) => b.seconds - a.seconds).slice(0, SHOWN);
    process.stderr.write(
      `\nThe slowest tests:\n${slowest.map(({ seconds, name }) => `${seconds.toFixed(0).padStart(5)} s  ${name}`).join('\n')}\n`,
    );
  }
}

module.exports = SlowestReporter;
