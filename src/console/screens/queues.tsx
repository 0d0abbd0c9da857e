import { useEffect } from "preact/hooks";
import { addressOf, part, post } from "../api.ts";
import type { BusState, Json, QueueMessages, Redriven } from "../contract.ts";
import { confirm } from "../dialog.tsx";
import { count, plural } from "../format.ts";
import { JsonTree } from "../json-tree.tsx";
import { Failed, notify } from "../notice.tsx";
import { resourceAt } from "../resource.ts";
import { adjust, route } from "../router.ts";
import { bus, isOfDeadLetters, mayHaveChanged } from "../status.ts";
import { useWork } from "../use-work.ts";

type Queue = BusState["queues"][number];

/** The queues behind the rules, dead letters first. */
export function Queues() {
  const open = route.value.query.queue;
  const queues = [...(bus.data.value?.queues ?? [])].sort(
    (a, b) => Number(isOfDeadLetters(b)) - Number(isOfDeadLetters(a)),
  );
  if (queues.length === 0) return null;
  return (
    <section aria-labelledby="queues">
      <h2 id="queues">Queues</h2>
      <div class="card table-card">
        <table class="table stack">
          <thead>
            <tr>
              <th scope="col">Queue</th>
              <th scope="col" class="num">
                Messages
              </th>
              <th scope="col">
                <span class="for-readers">Actions</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {queues.map((queue) => (
              <QueueRow key={queue.name} queue={queue} isOpen={queue.name === open} />
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function QueueRow({ queue, isOpen }: { readonly queue: Queue; readonly isOpen: boolean }) {
  const { name, messages, deadLettersOf } = queue;
  const isBad = isOfDeadLetters(queue) && messages > 0;
  return (
    <>
      <tr>
        <td class="stack-head">
          <span class="strong break">{name}</span>
          <div class="muted">
            {isOfDeadLetters(queue)
              ? `dead letters${deadLettersOf.length > 0 ? ` of ${deadLettersOf.join(", ")}` : ""}`
              : "queue"}
          </div>
        </td>
        <td class="num" data-label="Messages">
          {isBad ? <span class="badge bad">{count(messages)}</span> : count(messages)}
        </td>
        <td class="actions">
          {(messages > 0 || isOpen) && (
            <button
              type="button"
              class="button"
              aria-expanded={isOpen}
              onClick={() => adjust({ queue: isOpen ? undefined : name })}
            >
              {isOpen ? "Hide messages" : "Show messages"}
            </button>
          )}
          {isBad && deadLettersOf.length > 0 && <RedriveButton queue={queue} />}
        </td>
      </tr>
      {isOpen && (
        <tr>
          <td colSpan={3}>
            <Messages name={name} count={messages} />
          </td>
        </tr>
      )}
    </>
  );
}

function RedriveButton({ queue: { name, messages, deadLettersOf } }: { readonly queue: Queue }) {
  const [isWorking, work] = useWork();
  const redrive = async (): Promise<void> => {
    const answer = await confirm({
      title: `Send ${plural(messages, "dead letter")} again?`,
      text: `They go from ${name} back to ${deadLettersOf.join(", ")}, and are tried again. What fails again comes back here.`,
      action: "Redrive",
    });
    if (!answer) return;
    await work(async () => {
      const { sent, left } = await post<Redriven>(addressOf("local", `/queues/${part(name)}/redrive`), {});
      notify(
        `${plural(sent, "dead letter was", "dead letters were")} sent again${left > 0 ? `; ${count(left)} stay` : ""}.`,
      );
    });
    mayHaveChanged();
  };
  return (
    <button type="button" class="button primary" disabled={isWorking} onClick={() => void redrive()}>
      Redrive
    </button>
  );
}

function Messages({ name, count: waiting }: { readonly name: string; readonly count: number }) {
  const queue = resourceAt<QueueMessages>(addressOf("local", `/queues/${part(name)}`));
  useEffect(() => void queue.refresh(), [queue, waiting]);
  if (queue.error.value) return <Failed error={queue.error.value} again={() => void queue.refresh()} />;
  const messages = queue.data.value?.messages ?? [];
  if (messages.length === 0) return <p class="muted">No messages.</p>;
  return (
    <ul class="messages">
      {messages.map(({ messageId, body, receiveCount, attributes }) => (
        <li key={messageId}>
          <details class="more">
            <summary>
              <code>{messageId}</code> <span class="muted">received {plural(receiveCount, "time")}</span>
            </summary>
            {Object.keys(attributes).length > 0 && <JsonTree value={attributes} />}
            <JsonTree value={parsed(body)} />
          </details>
        </li>
      ))}
    </ul>
  );
}

function parsed(body: string): Json {
  try {
    return JSON.parse(body) as Json;
  } catch {
    return body;
  }
}
