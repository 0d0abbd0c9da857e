/** Everything around the process that the command line touches, so that a test can be around it. */
export interface Io {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The folder that the command was called in. */
  readonly folder: string;
  /** Standard output: results and nothing else. Resolves when it was taken. */
  write(text: string): Promise<void>;
  /** Standard error: progress, questions, errors. */
  tell(text: string): void;
  /** Standard error is a terminal: a line can be written over. */
  readonly isTerminal: boolean;
  /** Undefined where nobody can be asked. */
  readonly ask: ((question: string) => Promise<string>) | undefined;
  /** All of standard input. */
  read(): Promise<string>;
  /** Aborts on Ctrl-C or SIGTERM, which no longer end the process once this was asked for. */
  interruption(): AbortSignal;
  clock(): Date;
  newId(): string;
  pause(milliseconds: number): Promise<void>;
}
