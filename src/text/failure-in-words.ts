/** A failure in words, its type first: `Unauthorized: ...`. */
export const failureInWords = ({ type, message }: { type?: string | null | undefined; message: string }): string =>
  type ? `${type}: ${message}` : message;
