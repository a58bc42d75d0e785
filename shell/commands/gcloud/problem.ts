/** What ends a gcloud command early. */

/** Printed as `ERROR: (gcloud.compute.x) message`. */
export class GcloudProblem extends Error {
  readonly exit: number;
  constructor(message: string, exit = 1) {
    super(message);
    this.exit = exit;
  }
}

/** An API's answer that is an error. */
export class HttpProblem extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** Wrong use of a command: the usage is shown too, exit 2. */
export class UsageProblem extends Error {
  readonly hasUsage: boolean;
  constructor(message: string, hasUsage = true) {
    super(message);
    this.hasUsage = hasUsage;
  }
}

/** An option or command of the real gcloud that is not there yet. */
export class NotSimulatedProblem extends Error {}
