/** What the archive uses of an open file of `node:fs/promises`. */
export interface Handle {
  read(buffer: Uint8Array, offset: number, length: number, position: number | null): Promise<{ bytesRead: number }>;
  write(buffer: Uint8Array, offset: number, length: number, position: number | null): Promise<{ bytesWritten: number }>;
  stat(): Promise<{ size: number; ino: number; isFile(): boolean }>;
  sync(): Promise<void>;
  close(): Promise<void>;
}

export interface Stats {
  size: number;
  mode: number;
  isDirectory(): boolean;
  isFile(): boolean;
  isSymbolicLink(): boolean;
}

/** What the archive uses of `node:fs/promises`: injected, so that tests can stop it at any step. */
export interface FileSystem {
  open(path: string, flags: number, mode?: number): Promise<Handle>;
  lstat(path: string): Promise<Stats>;
  readdir(path: string): Promise<string[]>;
  mkdir(path: string, options: { mode: number; recursive?: boolean }): Promise<unknown>;
  rename(from: string, to: string): Promise<void>;
  link(existing: string, path: string): Promise<void>;
  unlink(path: string): Promise<void>;
  statfs(path: string): Promise<{ files: number; ffree: number }>;
  rm(path: string, options: { recursive: boolean; force: boolean }): Promise<void>;
}
