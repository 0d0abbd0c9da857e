import { render } from "preact";
import { App } from "./app.tsx";
import { startCosts } from "./costs.ts";
import { startEventLog } from "./event-log.ts";
import { startKeys } from "./keys.tsx";
import { startLive } from "./live.ts";
import { startPublished } from "./published.ts";
import { startRouter } from "./router.ts";
import { startSamples } from "./samples.ts";
import { startService } from "./service.ts";
import { startStatus } from "./status.ts";
import { startTheme } from "./theme.ts";
import { startClock } from "./time.tsx";

startTheme();
startRouter();
startKeys();
startClock();
startService();
startEventLog();
startSamples();
startPublished();
startCosts();
startStatus();
startLive();

const root = document.getElementById("console");
if (root) render(<App />, root);
