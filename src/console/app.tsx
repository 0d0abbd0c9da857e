import { useEffect, useRef } from "preact/hooks";
import { CommandDialog } from "./command-dialog.tsx";
import { Confirmation } from "./dialog.tsx";
import { Icon } from "./icon.tsx";
import { KeysHelp } from "./keys.tsx";
import { connection } from "./live.ts";
import { dismissBad, Notices } from "./notice.tsx";
import { Palette } from "./palette.tsx";
import { route } from "./router.ts";
import { BusScreen } from "./screens/bus.tsx";
import { CostsScreen } from "./screens/costs.tsx";
import { EntitiesScreen } from "./screens/entities.tsx";
import { EntityScreen } from "./screens/entity.tsx";
import { LiveScreen } from "./screens/live.tsx";
import { OverviewScreen } from "./screens/overview.tsx";
import { ProjectionScreen } from "./screens/projection.tsx";
import { ProjectionsScreen } from "./screens/projections.tsx";
import { Sidebar } from "./sidebar.tsx";

/** The frame around every screen. */
export function App() {
  return (
    <div class="frame">
      <button type="button" class="skip" onClick={() => document.getElementById("main")?.focus()}>
        Skip to the content
      </button>
      <Sidebar />
      <main id="main" tabIndex={-1}>
        <LostConnection />
        <Screen />
      </main>
      <Notices />
      <Palette />
      <CommandDialog />
      <Confirmation />
      <KeysHelp />
    </div>
  );
}

/** The screen of the address. Who goes to another one begins at its title. */
function Screen() {
  const [screen = "", name] = route.value.path;
  const address = `${screen}/${name ?? ""}`;
  const last = useRef(address);
  useEffect(() => {
    const title = document.querySelector<HTMLElement>("main h1");
    document.title = `${title?.textContent ?? "Console"} – Streamfold`;
    if (last.current === address) return;
    last.current = address;
    dismissBad();
    scrollTo(0, 0);
    title?.focus({ preventScroll: true });
  }, [address]);
  if (screen === "") return <OverviewScreen />;
  if (screen === "live") return <LiveScreen />;
  if (screen === "entities")
    return name === undefined ? <EntitiesScreen /> : <EntityScreen key={name} entityId={name} />;
  if (screen === "projections")
    return name === undefined ? <ProjectionsScreen /> : <ProjectionScreen key={name} name={name} />;
  if (screen === "bus") return <BusScreen />;
  if (screen === "costs") return <CostsScreen />;
  return <UnknownScreen />;
}

const UnknownScreen = () => (
  <div class="page">
    <h1 tabIndex={-1}>Nothing here</h1>
    <p>
      There is no such screen. <a href="#/">Go to the overview.</a>
    </p>
  </div>
);

function LostConnection() {
  return (
    <div role="alert">
      {connection.value === "lost" && (
        <p class="lost">
          <Icon name="warning" size={18} />
          The connection to the service is lost. What you see may be out of date; it is tried again until it is back.
        </p>
      )}
    </div>
  );
}
