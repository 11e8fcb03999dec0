import { isLoopback } from '../../src/text/loopback';

describe('isLoopback', () => {
  it.each(['localhost', '127.0.0.1', '127.1.2.3', '[::1]'])('is true of %s', (host) => {
    expect(isLoopback(host)).toBe(true);
  });

  it.each(['', '128.0.0.1', '127.0.0.1.example.com', 'localhost.example.com', '127.example.com', '[::2]', '0.0.0.0'])(
    'is false of %j',
    (host) => {
      expect(isLoopback(host)).toBe(false);
    },
  );
});
