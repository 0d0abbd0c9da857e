import type { ServiceDefinition } from "../../definition/index.ts";
import type { Connection } from "../connect.ts";
import type { Io } from "../io.ts";

/** `warn`: it works, and something is missing that a stage with real data should have. */
export interface Finding {
  readonly result: "ok" | "warn" | "fail";
  readonly check: string;
  readonly found: string;
}

export interface DoctorContext {
  readonly connection: Connection;
  readonly service: ServiceDefinition;
  readonly io: Io;
}

/** One kind of checks. It throws nothing of what it checks. */
export type Check = (context: DoctorContext) => Promise<Finding[]>;

export const ok = (check: string, found: string): Finding => ({ result: "ok", check, found });
export const warn = (check: string, found: string): Finding => ({ result: "warn", check, found });
export const fail = (check: string, found: string): Finding => ({ result: "fail", check, found });

/** `fail` with the first reason, where there is one. */
export const unless = (check: string, problem: string | undefined, found: string): Finding =>
  problem === undefined ? ok(check, found) : fail(check, problem);
