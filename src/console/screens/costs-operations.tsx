import type { Costs } from "../contract.ts";
import { amount, count, dollars, plural } from "../format.ts";

type Operation = Costs["operations"][number];

/** Requests by function, operation and table; the dearest function first. */
export function Operations({ told }: { readonly told: Costs }) {
  const dollarsOf = ({ readUnits, writeUnits }: Operation): number =>
    readUnits * told.prices.readUnit + writeUnits * told.prices.writeUnit;
  const groups = [...Map.groupBy(told.operations, ({ by }) => by)].map(([by, operations]) => ({
    by,
    operations: [...operations].sort((a, b) => dollarsOf(b) - dollarsOf(a)),
    dollars: operations.reduce((sum, one) => sum + dollarsOf(one), 0),
  }));
  groups.sort((a, b) => b.dollars - a.dollars);
  return (
    <section aria-labelledby="operations">
      <h2 id="operations">By function and operation</h2>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard */}
      <section class="card table-card table-scroll" tabIndex={0} aria-label="Requests by function and operation">
        <table class="table">
          <thead>
            <tr>
              <th scope="col">Operation</th>
              <th scope="col" class="wide">
                Table
              </th>
              <th scope="col" class="num">
                Requests
              </th>
              <th scope="col" class="num">
                Read units
              </th>
              <th scope="col" class="num">
                Write units
              </th>
              <th scope="col" class="num wide">
                Failed
              </th>
              <th scope="col" class="num">
                Cost
              </th>
            </tr>
          </thead>
          {groups.map(({ by, operations, dollars: sum }) => (
            <tbody key={by}>
              <tr class="group">
                <th scope="rowgroup">
                  {by}
                  <span class="muted">
                    {" "}
                    {by === "operations"
                      ? "this console, and the command line"
                      : told.invocations[by] && plural(told.invocations[by], "invocation")}
                  </span>
                </th>
                <td class="wide" />
                <td class="num">{count(operations.reduce((all, one) => all + one.requests, 0))}</td>
                <td class="num">{amount(operations.reduce((all, one) => all + one.readUnits, 0))}</td>
                <td class="num">{amount(operations.reduce((all, one) => all + one.writeUnits, 0))}</td>
                <td class="num wide" />
                <td class="num">{dollars(sum)}</td>
              </tr>
              {operations.map((one) => (
                <OperationRow key={`${one.operation} ${one.table}`} operation={one} cost={dollarsOf(one)} />
              ))}
            </tbody>
          ))}
        </table>
      </section>
    </section>
  );
}

const OperationRow = ({ operation, cost }: { readonly operation: Operation; readonly cost: number }) => (
  <tr>
    <td>
      <span class="indent">{operation.operation}</span>
      <div class="narrow muted indent">{operation.table}</div>
    </td>
    <td class="wide muted">{operation.table}</td>
    <td class="num">{count(operation.requests)}</td>
    <td class="num">{amount(operation.readUnits)}</td>
    <td class="num">{amount(operation.writeUnits)}</td>
    <td class="num wide">
      {operation.failed === 0 ? <span class="muted">0</span> : <span class="bad">{count(operation.failed)}</span>}
    </td>
    <td class="num">{dollars(cost)}</td>
  </tr>
);
