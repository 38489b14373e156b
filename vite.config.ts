import react from '@vitejs/plugin-react';
import { defaultClientConditions, defineConfig } from 'vite';

/** WebAssembly threads need a cross-origin isolated page. */
const ISOLATION = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
};

export default defineConfig({
  plugins: [react()],
  // onnxruntime-web without embedded engine scripts: its threads must start from the engine's own file.
  resolve: { conditions: ['onnxruntime-web-use-extern-wasm', ...defaultClientConditions] },
  optimizeDeps: { exclude: ['onnxruntime-web'] },
  worker: { format: 'es' },
  build: { target: 'es2023', assetsInlineLimit: 0, chunkSizeWarningLimit: 1500 },
  server: { headers: ISOLATION },
  preview: { headers: ISOLATION },
});
