/** The sinusoidal input of the timestep embedding. */

const MAX_PERIOD = 10000;

/**
 * Cosines, then sines, of `t * scale` at decreasing frequencies, `[dim]`. Rounds to float32 where the
 * official code does.
 * Source: OmniGen2 `models/embeddings.py`, Timesteps; diffusers `models/embeddings.py`,
 * get_timestep_embedding
 * @param t 0 (noise) to 1 (picture)
 */
export function timestepSinusoid(t: number, scale: number, dim: number): Float32Array {
  const half = dim / 2;
  const out = new Float32Array(dim);
  // PyTorch rounds a Python number to float32 before it multiplies a float32 tensor by it.
  const decay = Math.fround(-Math.log(MAX_PERIOD));
  for (let i = 0; i < half; i++) {
    const exponent = Math.fround(Math.fround(decay * i) / half);
    const angle = Math.fround(scale * Math.fround(Math.fround(t) * Math.fround(Math.exp(exponent))));
    out[i] = Math.cos(angle);
    out[half + i] = Math.sin(angle);
  }
  return out;
}
