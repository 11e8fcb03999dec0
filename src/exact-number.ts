import { randomUUID } from 'node:crypto';

// JSON.parse and JSON.stringify alter long numbers. What they are given instead is an object with one field, whose name
// nobody outside this process knows: nothing in a message can pass for it. (Node.js 20 has no JSON.rawJSON.)
const mark = randomUUID();
const standIns = new RegExp(`\\{"${mark}":"([^"]*)"\\}`, 'g');

/**
 * JSON that stands for a number from its parsing to its writing by {@link stringify}. It is an object, so that it is JSON
 * just where the number would be.
 */
export function standIn(literal: string): string {
  return JSON.stringify({ [mark]: literal });
}

/** JSON.stringify, with each number that had a stand-in as it came. */
export function stringify(value: unknown): string {
  const json = JSON.stringify(value);
  return json.includes(mark) ? json.replace(standIns, '$1') : json;
}
