import { findRun, type RunFile } from "../src/local/run-file.ts";

/** The service that runs on this machine. @throws saying what to do when none does */
export function findLocalService(): Promise<RunFile> {
  return findRun(process.env.STREAMFOLD_DATA ?? ".streamfold");
}

/**
 * Has the SDK's clients of this process talk to the service that runs on this machine.
 *
 * @param otherwise what to do for another one, said when none runs
 */
export async function useLocalService(otherwise: string): Promise<RunFile> {
  const run = await findLocalService().catch((error: Error) => {
    throw new Error(`${error.message}; ${otherwise}`);
  });
  process.env.AWS_ENDPOINT_URL_DYNAMODB = run.engine;
  process.env.AWS_ENDPOINT_URL_EVENTBRIDGE = run.bus;
  process.env.AWS_ACCESS_KEY_ID ??= "local";
  process.env.AWS_SECRET_ACCESS_KEY ??= "local";
  process.env.AWS_REGION ??= "eu-central-1";
  return run;
}
