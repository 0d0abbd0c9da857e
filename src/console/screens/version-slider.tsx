import { Icon } from "../icon.tsx";
import type { EntityModel } from "./entity-model.ts";

interface SliderProps {
  readonly entity: EntityModel;
  readonly version: number;
  readonly onShow: (version: number) => void;
}

/** Goes through the versions of an entity; snapshots are marked below it. */
export function VersionSlider({ entity, version, onShow }: SliderProps) {
  const head = entity.version.value;
  const event = entity.events.value.find(({ sequenceNumber }) => sequenceNumber === version);
  const snapshots = entity.detail.data.value?.snapshots ?? [];
  return (
    <div class="slider">
      <button
        type="button"
        class="button icon-only"
        aria-label="Version before"
        disabled={version <= 1}
        onClick={() => onShow(version - 1)}
      >
        <Icon name="left" />
      </button>
      <div class="slider-track">
        <input
          type="range"
          min={1}
          max={Math.max(head, 1)}
          value={version}
          aria-label="Version"
          aria-valuetext={`Version ${version} of ${head}${event ? `, ${event.eventType}` : ""}`}
          onInput={({ currentTarget }) => onShow(currentTarget.valueAsNumber)}
        />
        {snapshots.map((snapshot) => (
          <span
            key={snapshot.version}
            class="slider-mark"
            title={`Snapshot at version ${snapshot.version}`}
            style={{ "--place": head <= 1 ? 0 : (snapshot.version - 1) / (head - 1) }}
          />
        ))}
      </div>
      <button
        type="button"
        class="button icon-only"
        aria-label="Version after"
        disabled={version >= head}
        onClick={() => onShow(version + 1)}
      >
        <Icon name="right" />
      </button>
      <output class="slider-value">
        {version} <span class="muted">of {head}</span>
      </output>
    </div>
  );
}
