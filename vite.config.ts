import react from '@vitejs/plugin-react';
import { defaultClientConditions, defineConfig, type Plugin } from 'vite';
import { VitePWA } from 'vite-plugin-pwa';
import { thirdPartyNotices } from './scripts/third-party-notices.ts';

/** WebAssembly threads need a cross-origin isolated page. */
const ISOLATION = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
};

/**
 * What the page may load and run. Nothing from other servers; a model may come from any address that the
 * person gives. The engine compiles WebAssembly, and components set sizes in `style`.
 */
const CSP = [
  "default-src 'self'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' blob: data:",
  "worker-src 'self' blob:",
  "connect-src 'self' https: http: blob: data:",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'self'",
].join('; ');

/** Writes the policy into the page, for hosts that send no header of it. */
const policy: Plugin = {
  name: 'content-security-policy',
  apply: 'build',
  transformIndexHtml: () => [
    {
      tag: 'meta',
      attrs: { 'http-equiv': 'Content-Security-Policy', content: CSP },
      injectTo: 'head-prepend',
    },
  ],
};

/** The list of files that the service worker keeps goes into its source. The page registers it. */
const offline = VitePWA({
  strategies: 'injectManifest',
  srcDir: 'workers',
  filename: 'service-worker.ts',
  injectRegister: null,
  manifest: false,
  injectManifest: {
    // Models are stored by the page.
    globPatterns: ['**/*.{html,js,mjs,css,wasm,woff2,svg,png,webmanifest,txt}'],
    globIgnores: ['models/**', 'service-worker.js'],
    dontCacheBustURLsMatching: /^assets\//,
    maximumFileSizeToCacheInBytes: 64e6,
  },
});

const notices = thirdPartyNotices();

export default defineConfig({
  // Relative addresses: the build works under any path.
  base: './',
  plugins: [react(), notices.page, policy, offline],
  // Uses onnxruntime-web without embedded engine scripts, because its threads start from the engine's file.
  resolve: { conditions: ['onnxruntime-web-use-extern-wasm', ...defaultClientConditions] },
  optimizeDeps: { exclude: ['onnxruntime-web'] },
  worker: { format: 'es', plugins: () => [notices.worker()] },
  build: { target: 'es2023', assetsInlineLimit: 0, chunkSizeWarningLimit: 1500 },
  server: { headers: ISOLATION },
  preview: { headers: { ...ISOLATION, 'Content-Security-Policy': CSP } },
});
