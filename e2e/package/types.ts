/** Checks that the compiler knows the package's types: `any` would accept this backend. */

import { OmniGen2 } from 'omnigen2-studio';

// @ts-expect-error There is no backend of this name.
OmniGen2.open({ backend: 'gpu' });
