/** Vite's development server of this repository, for pages that are not part of the build. */

import { createServer, type Plugin } from 'vite';
import { ROOT } from './models.ts';

export interface DevServer {
  /** The address of the repository's root, with `/` at its end. */
  readonly address: string;
  close(): Promise<void>;
}

/**
 * Starts the server on a free port.
 * @example
 * const server = await startDevServer();
 * await page.goto(`${server.address}e2e/harness/index.html`);
 * await server.close();
 */
export async function startDevServer(plugins: readonly Plugin[] = []): Promise<DevServer> {
  const server = await createServer({
    root: ROOT,
    plugins: [...plugins],
    server: { port: 0, host: '127.0.0.1', hmr: false, watch: null },
    logLevel: 'error',
  });
  await server.listen();
  return { address: server.resolvedUrls?.local[0] ?? '', close: () => server.close() };
}
