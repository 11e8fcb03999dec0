import type { Answer } from '../../src/compliance-api/request';

/** What `use` makes of an answer, which holds its memory until then. */
export async function used<P, T>(asked: Promise<Answer<P>>, use: (page: P) => T): Promise<Answer<Awaited<T>>> {
  using answer = await asked;
  return { ...answer, body: await use(answer.body) };
}
