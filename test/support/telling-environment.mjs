import { TestEnvironment } from "jest-environment-node";

/** Tells the test file of a failed test, so that it can print what the service under test said. */
export default class TellingEnvironment extends TestEnvironment {
  handleTestEvent({ name, test, hook }) {
    const hasFailed = name === "hook_failure" || (name === "test_done" && test.errors.length > 0);
    if (hasFailed) this.global.onTestFailure?.(test ? `"${test.name}"` : `a ${hook.type}`);
  }
}
