/** The node has its own deadlines and retries: a plugin tries once, and is not hurried. */
export const CONNECTION = Object.freeze({ maxRetry: 0, retryIntervalMs: 0, timeoutMs: 60_000 });
