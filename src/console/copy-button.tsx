import { Icon } from "./icon.tsx";
import { notify } from "./notice.tsx";

/** Copies a value as JSON. */
export function CopyButton({ value, label = "Copy as JSON" }: { readonly value: unknown; readonly label?: string }) {
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(JSON.stringify(value, null, 2));
      notify("Copied.");
    } catch {
      notify("The browser does not let this page copy.", { isBad: true });
    }
  };
  return (
    <button
      type="button"
      class="button quiet icon-only small"
      aria-label={label}
      title={label}
      onClick={() => void copy()}
    >
      <Icon name="copy" size={16} />
    </button>
  );
}
