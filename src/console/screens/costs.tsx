import type { Costs } from "../contract.ts";
import { costs, monthlyNow, monthlyOnAverage, type Part, partsOf, spentOn } from "../costs.ts";
import { amount, count, dollars } from "../format.ts";
import { isLocal } from "../live.ts";
import { Empty } from "../notice.tsx";
import { Ago } from "../time.tsx";
import { Operations } from "./costs-operations.tsx";

/** Requests and capacity units since the start, and what they would cost on AWS. */
export function CostsScreen() {
  const told = costs.value;
  return (
    <div class="page">
      <header class="page-head">
        <div>
          <h1 tabIndex={-1}>Costs</h1>
          <p class="lead">
            {told ? (
              <>
                What this run has asked of DynamoDB since it began <Ago iso={told.since} />, at AWS’s prices for it.
              </>
            ) : (
              "What a run asks of DynamoDB, at AWS’s prices for it."
            )}
          </p>
        </div>
      </header>
      {told ? <Told told={told} /> : <NotTold />}
    </div>
  );
}

const NotTold = () =>
  isLocal.value === false ? (
    <Empty title="Costs are counted in a local run only">
      On AWS, the Cost Explorer and CloudWatch’s consumed capacity tell them. Start the service on your machine with{" "}
      <code>npm start</code> to see what each operation asks for.
    </Empty>
  ) : (
    <p class="muted">Waiting for the first count…</p>
  );

function Told({ told }: { readonly told: Costs }) {
  const requests = told.operations.reduce((sum, one) => sum + one.requests, 0);
  const reads = told.operations.reduce((sum, one) => sum + one.readUnits, 0);
  const writes = told.operations.reduce((sum, one) => sum + one.writeUnits, 0);
  return (
    <>
      <dl class="figures">
        <Figure name="A month at the present rate" hint="as in the last minute" isMain>
          {monthly(monthlyNow.value)}
        </Figure>
        <Figure name="A month on average" hint="as since the start">
          {monthly(monthlyOnAverage.value)}
        </Figure>
        <Figure name="Since the start">{dollars(spentOn(told))}</Figure>
        <Figure name="Requests" hint={`${count(told.published)} events published`}>
          {count(requests)}
        </Figure>
        <Figure name="Read units">{amount(reads)}</Figure>
        <Figure name="Write units">{amount(writes)}</Figure>
      </dl>
      <PaidFor told={told} />
      <Operations told={told} />
      <p class="hint">
        Prices of {told.prices.asOf}, on demand: DynamoDB’s read and write request units, EventBridge’s custom events
        and Lambda’s requests. Not counted: Lambda’s time, storage, streams, SQS, API Gateway, backups.
      </p>
    </>
  );
}

const monthly = (value: number | undefined): string => (value === undefined ? "measuring…" : dollars(value));

interface FigureProps {
  readonly name: string;
  readonly hint?: string;
  readonly isMain?: boolean;
  readonly children: string;
}

const Figure = ({ name, hint, isMain = false, children }: FigureProps) => (
  <div class={isMain ? "figure main" : "figure"}>
    <dt>{name}</dt>
    <dd>
      {children}
      {hint && <small>{hint}</small>}
    </dd>
  </div>
);

const NAMES: Readonly<Record<Part, string>> = {
  writes: "Writes",
  reads: "Reads",
  events: "Events on the bus",
  invocations: "Invocations",
};

/** How the sum is made up. */
function PaidFor({ told }: { readonly told: Costs }) {
  const parts = partsOf(told);
  const sum = spentOn(told);
  const shares = (Object.keys(NAMES) as Part[]).map((part) => ({ part, share: sum === 0 ? 0 : parts[part] / sum }));
  return (
    <section class="card" aria-labelledby="paid-for">
      <h2 id="paid-for">What is paid for</h2>
      <ul class="shares">
        {shares.map(({ part, share }) => (
          <li key={part}>
            <span>{NAMES[part]}</span>
            <span class="share" aria-hidden="true">
              <i style={{ width: `${share * 100}%` }} />
            </span>
            <span class="num">{Math.round(share * 100)}%</span>
            <span class="num muted">{dollars(parts[part])}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}
