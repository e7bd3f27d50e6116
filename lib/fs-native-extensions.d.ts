// Types of the functions in use; the package has none.
declare module 'fs-native-extensions' {
  /** Locks `length` bytes from `offset` on for this open file. Returns false if another open file has locked them. */
  export function tryLock(fd: number, offset: number, length: number, options?: { shared?: boolean }): boolean;
}
