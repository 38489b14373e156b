/** The sinusoid that the timestep embedding starts from. */

const MAX_PERIOD = 10000;

/**
 * Cosines, then sines, of `t * scale` at falling frequencies, `[dim]`. Rounded to float32 where the official code does.
 * Source: OmniGen2 `models/embeddings.py`, Timesteps; diffusers `models/embeddings.py`, get_timestep_embedding
 * @param t 0 (noise) to 1 (picture)
 */
export function timestepSinusoid(t: number, scale: number, dim: number): Float32Array {
  const half = dim / 2;
  const out = new Float32Array(dim);
  // A number that meets a float32 tensor is rounded first.
  const decay = Math.fround(-Math.log(MAX_PERIOD));
  for (let i = 0; i < half; i++) {
    const exponent = Math.fround(Math.fround(decay * i) / half);
    const angle = Math.fround(scale * Math.fround(Math.fround(t) * Math.fround(Math.exp(exponent))));
    out[i] = Math.cos(angle);
    out[half + i] = Math.sin(angle);
  }
  return out;
}
