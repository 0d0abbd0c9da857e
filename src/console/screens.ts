import type { IconName } from "./icon.tsx";

/** The screens in their order, and the keys to them after `g`. */
export const SCREENS: readonly {
  readonly name: string;
  readonly path: readonly string[];
  readonly icon: IconName;
  readonly key: string;
}[] = [
  { name: "Overview", path: [], icon: "overview", key: "o" },
  { name: "Live", path: ["live"], icon: "live", key: "l" },
  { name: "Entities", path: ["entities"], icon: "entities", key: "e" },
  { name: "Projections", path: ["projections"], icon: "projections", key: "p" },
  { name: "Bus", path: ["bus"], icon: "bus", key: "b" },
  { name: "Costs", path: ["costs"], icon: "costs", key: "c" },
];
