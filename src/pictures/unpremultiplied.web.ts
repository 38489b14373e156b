/** Reads the stored colours of transparent pixels through WebGL: a 2D canvas premultiplies them. */

import { OmniError } from '../errors.ts';
import { flattenRgba, type RgbImage } from './image.ts';

/** Rows per strip. */
const STRIP_ROWS = 1024;

/**
 * Reads the pixels of a bitmap without their alpha.
 * @param bitmap created with `premultiplyAlpha: 'none'`
 * @param name how messages name the picture
 * @throws OmniError `device` if the browser has no WebGL, or its textures are narrower than the picture
 */
export async function unpremultipliedPixels(bitmap: ImageBitmap, name: string): Promise<RgbImage> {
  const { width, height } = bitmap;
  const gl = new OffscreenCanvas(1, 1).getContext('webgl');
  if (!gl || width > gl.getParameter(gl.MAX_TEXTURE_SIZE)) {
    throw new OmniError({
      code: 'device',
      message: `${name} cannot be read without its transparency: the browser has no WebGL, or its textures are too small.`,
      action: 'Use the picture with its transparency over white, or one without transparency.',
    });
  }
  gl.bindTexture(gl.TEXTURE_2D, gl.createTexture());
  gl.bindFramebuffer(gl.FRAMEBUFFER, gl.createFramebuffer());
  const data = new Uint8Array(3 * width * height);
  for (let top = 0; top < height; top += STRIP_ROWS) {
    const rows = Math.min(STRIP_ROWS, height - top);
    const strip = await createImageBitmap(bitmap, 0, top, width, rows, { premultiplyAlpha: 'none' });
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, gl.RGBA, gl.UNSIGNED_BYTE, strip);
    strip.close();
    const texture = gl.getParameter(gl.TEXTURE_BINDING_2D);
    gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, texture, 0);
    const rgba = new Uint8Array(4 * width * rows);
    gl.readPixels(0, 0, width, rows, gl.RGBA, gl.UNSIGNED_BYTE, rgba);
    data.set(flattenRgba(width, rows, rgba, 'dropped').data, 3 * width * top);
  }
  gl.getExtension('WEBGL_lose_context')?.loseContext();
  return { width, height, data };
}
