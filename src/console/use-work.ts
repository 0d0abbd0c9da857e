import { useState } from "preact/hooks";
import { notifyError } from "./notice.tsx";

/** Whether something is under way, and what starts it. What goes wrong is told. */
export function useWork(): readonly [isWorking: boolean, start: (work: () => Promise<void>) => Promise<void>] {
  const [isWorking, setWorking] = useState(false);
  const start = async (work: () => Promise<void>): Promise<void> => {
    setWorking(true);
    try {
      await work();
    } catch (error) {
      notifyError(error);
    } finally {
      setWorking(false);
    }
  };
  return [isWorking, start];
}
