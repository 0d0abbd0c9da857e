import { readFileSync } from "node:fs";

/** Microseconds of CPU that this process has used. */
export function ownCpuMicros(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

/** Clock ticks a second of /proc: USER_HZ, which Linux keeps at 100 on every platform that the engine is built for. */
const TICKS_PER_SECOND = 100;

/** Microseconds of CPU that another process has used. Undefined where there is no /proc, or no such process. */
export function cpuMicrosOf(pid: number | undefined): number | undefined {
  if (pid === undefined) return undefined;
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The second field is the command in parentheses and may hold spaces; user and system time are fields 14 and 15.
    const [user = "", system = ""] = stat
      .slice(stat.lastIndexOf(")") + 2)
      .split(" ")
      .slice(11, 13);
    return ((Number(user) + Number(system)) / TICKS_PER_SECOND) * 1e6;
  } catch {
    return undefined;
  }
}
