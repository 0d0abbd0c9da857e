import { rowPerEntity } from "streamfold";
import * as z from "zod";
import { __of__ } from "../aggregates/__ofFile__.ts";

const row = z.object({ changes: z.int(), changedAt: z.string() });
type Row = z.infer<typeof row>;

/** A row for each __Of__: how often and when it was changed. Make of it what its readers ask for. */
export const __name__ = rowPerEntity({
  name: "__file__",
  of: __of__,
  row,
  on: {
    __handlers__: changed,
  },
  lists: { byChange: ({ changedAt }) => ({ partition: "all", sort: changedAt }) },
});

function changed(row: Row | undefined, { eventTime }: { readonly eventTime: string }): Row {
  return { changes: (row?.changes ?? 0) + 1, changedAt: eventTime };
}
