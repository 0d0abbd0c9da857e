import { plural } from "../format.ts";
import { Icon } from "../icon.tsx";
import { hrefTo, projectionHref } from "../router.ts";
import { bus, isOfDeadLetters, readers } from "../status.ts";

interface Alarm {
  readonly text: string;
  readonly href: string;
}

/** What is parked or a dead letter, with the way to it. */
export function Attention() {
  const alarms = [...parkedAlarms(), ...deadLetterAlarms()];
  if (!readers.data.value) return null;
  if (alarms.length === 0)
    return (
      <p class="all-well">
        <Icon name="check" size={18} /> Nothing is parked{bus.data.value ? ", and there are no dead letters" : ""}.
      </p>
    );
  return (
    <section class="attention" aria-labelledby="attention">
      <h2 id="attention">
        <Icon name="warning" /> Needs you
      </h2>
      <ul>
        {alarms.map(({ text, href }) => (
          <li key={text}>
            <a href={href}>{text}</a>
          </li>
        ))}
      </ul>
    </section>
  );
}

function parkedAlarms(): Alarm[] {
  const { projections = [], publisher } = readers.data.value ?? {};
  const waiting = projections.filter(({ parked }) => parked > 0);
  const alarms = waiting.map(({ projection, parked }) => ({
    text: `${plural(parked, "entity is", "entities are")} parked in ${projection}`,
    href: projectionHref(projection),
  }));
  if (!publisher || publisher.parked === 0) return alarms;
  const text = `${plural(publisher.parked, "entity is", "entities are")} parked in the publisher`;
  return [...alarms, { text, href: hrefTo(["bus"]) }];
}

const deadLetterAlarms = (): Alarm[] =>
  (bus.data.value?.queues ?? [])
    .filter((queue) => isOfDeadLetters(queue) && queue.messages > 0)
    .map(({ name, messages }) => ({
      text: `${plural(messages, "dead letter")} in ${name}`,
      href: hrefTo(["bus"], { queue: name }),
    }));
