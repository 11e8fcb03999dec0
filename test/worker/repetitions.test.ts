import { createRepetitions } from '../../src/worker/repetitions';

it('says a failure once, again each minute while it lasts, and anew when it comes back', () => {
  const repetitions = createRepetitions();
  const said = (kind: string, seconds: number) => repetitions.say(kind, seconds * 1000);
  expect(said('ApiUnavailable', 0)).toBe('');
  expect(said('ApiUnavailable', 1)).toBeNull();
  expect(said('RateLimited', 1)).toBe('');
  expect(said('ApiUnavailable', 59)).toBeNull();
  expect(said('ApiUnavailable', 61)).toBe(' (4 times in 61 s)');
  expect(said('ApiUnavailable', 62)).toBeNull();
  expect(said('ApiUnavailable', 125)).toBe('');
});
