/** A sentence about how the command is used: printed without more, exit code 2. */
export class UsageError extends Error {}
