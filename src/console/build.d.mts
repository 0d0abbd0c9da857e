/** Bundles the page into dist/console. @returns that folder */
export function buildConsole(): Promise<string>;
