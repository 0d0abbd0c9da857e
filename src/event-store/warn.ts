/** Told of what is wrong and does not stop the work, such as a clock that is ahead. */
export type Warn = (message: string, fields: Readonly<Record<string, unknown>>) => void;
