/** Errors of jobs and changes that end because of another one. */

import type { ErrorReport } from '../errors.ts';

/** The error of a change of adapters for a model that another model replaces. */
export const SUPERSEDED: ErrorReport = {
  code: 'cancelled',
  permanent: false,
  message: 'Another model is being loaded, so the adapters for this one were left out.',
  action: 'Choose adapters for the model that is loading.',
};

/** The error of jobs that wait when the worker's memory cannot be used any more. */
export const RENEWED: ErrorReport = {
  code: 'memory',
  permanent: false,
  message: 'The drawing engine ran out of memory in an earlier job and starts again.',
  action: 'Start this job again when the model has loaded.',
};
