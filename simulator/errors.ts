const ERROR_TYPES = {
  400: 'invalid_request_error',
  401: 'authentication_error',
  403: 'permission_error',
  404: 'not_found_error',
  405: 'invalid_request_error',
  429: 'rate_limit_error',
  500: 'api_error',
  503: 'overloaded_error',
  504: 'timeout_error',
  529: 'overloaded_error',
} as const;

export type ErrorStatus = keyof typeof ERROR_TYPES;

/** An error response of the API. `headers` are sent with it. */
export class ApiError extends Error {
  override readonly name = 'ApiError';

  constructor(
    readonly status: ErrorStatus,
    message: string,
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(message);
  }

  /** The `error` object of the response's body. */
  get body(): object {
    return { type: ERROR_TYPES[this.status], message: this.message };
  }
}
