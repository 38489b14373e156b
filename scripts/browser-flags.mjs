/** Flags for Chromium in tests: no background services, no first-run pages. */
export const CHROMIUM_FLAGS = [
  '--no-sandbox',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Flags for WebGPU on the graphics processor of a Linux machine, through Vulkan, without a screen. */
export const VULKAN_WEBGPU_FLAGS = [
  '--enable-unsafe-webgpu',
  '--enable-features=Vulkan',
  '--use-vulkan=native',
  '--use-angle=vulkan',
  '--ignore-gpu-blocklist',
  // Otherwise large work in one submission is cancelled.
  '--disable-gpu-watchdog',
];

/** Flags for WebGPU on a software adapter, for machines without a GPU. It computes in float32 only. */
export const SOFTWARE_WEBGPU_FLAGS = ['--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader'];
