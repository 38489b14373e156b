import react from '@vitejs/plugin-react';
import { defaultClientConditions, defineConfig } from 'vite';
import { thirdPartyNotices } from './scripts/third-party-notices.ts';

/** WebAssembly threads need a cross-origin isolated page. */
const ISOLATION = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
};

const notices = thirdPartyNotices();

export default defineConfig({
  plugins: [react(), notices.page],
  // Uses onnxruntime-web without embedded engine scripts, because its threads start from the engine's file.
  resolve: { conditions: ['onnxruntime-web-use-extern-wasm', ...defaultClientConditions] },
  optimizeDeps: { exclude: ['onnxruntime-web'] },
  worker: { format: 'es', plugins: () => [notices.worker()] },
  build: { target: 'es2023', assetsInlineLimit: 0, chunkSizeWarningLimit: 1500 },
  server: { headers: ISOLATION },
  preview: { headers: ISOLATION },
});
