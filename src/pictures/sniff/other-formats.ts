/** Recognizes files that cannot be used as pictures: what each is, and what the person can do instead. */

import { latin1, viewOf } from '../bytes.ts';

export interface OtherFormat {
  /** Completes "cat.png is …". */
  readonly is: string;
  readonly action: string;
}

export const READABLE = 'PNG, JPEG, WebP, GIF, AVIF and BMP can';
export const SAVE_AS = 'Save it as PNG or JPEG and try again.';

const picture = (is: string, action = SAVE_AS): OtherFormat => ({
  is: `${is}, which cannot be read here; ${READABLE}`,
  action,
});
const notAPicture = (is: string, action: string): OtherFormat => ({ is: `${is}, not a picture`, action });
const document = (is: string) => notAPicture(is, 'Save the page that you want as PNG or JPEG and use that.');
const video = (form: string) => notAPicture(`a video (${form})`, 'Save one frame of it as PNG or JPEG.');
const sound = (form: string) => notAPicture(`a sound file (${form})`, 'Choose a picture.');
const archive = (form: string) => notAPicture(`an archive (${form})`, 'Extract it and choose a picture.');
const program = notAPicture('a program', 'Choose a picture.');
const font = notAPicture('a font', 'Choose a picture.');
const raw = (form: string) =>
  picture(`a camera's raw file (${form})`, 'Export it as JPEG from your photo program.');

export const SVG: OtherFormat = {
  is: 'an SVG drawing, which has no pixels of its own',
  action: 'Save it as PNG and try again.',
};
export const WEB_PAGE = notAPicture('a web page', 'Save the picture itself, not the page around it.');
export const HEIC = picture(
  'a HEIC photo',
  'Save it as JPEG and try again. An iPhone takes photos as JPEG with Settings, Camera, Formats, Most Compatible.',
);
/** Neither browsers nor libvips decode these. */
export const RARE_JPEG = picture('a rare kind of JPEG (lossless or 12-bit)');
const ICON = picture('an icon (ICO)');
export const APP_PNG = picture('a PNG in the format of iPhone apps (CgBI)');

/** Magic numbers: their offset, their bytes as Latin-1 text, and the format. The first match counts. */
const MAGIC: readonly (readonly [at: number, bytes: string, kind: OtherFormat])[] = [
  [0, '%PDF', document('a PDF document')],
  [0, '%!PS', document('a PostScript document')],
  [0, '\xc5\xd0\xd3\xc6', document('a PostScript document (EPS)')],
  [0, '\xd0\xcf\x11\xe0', document('an office document')],
  [0, '{\\rtf', document('a text document (RTF)')],
  [8, 'CR\x02', raw('CR2')],
  [0, 'FUJIFILMCCD-RAW', raw('RAF')],
  [0, 'IIRO', raw('ORF')],
  [0, 'IIRS', raw('ORF')],
  [0, 'MMOR', raw('ORF')],
  [0, 'IIU\0', raw('RW2')],
  [0, 'FOVb', raw('X3F')],
  [0, '\0MRM', raw('MRW')],
  [0, 'II+\0', picture('a TIFF picture')],
  [0, 'MM\0+', picture('a TIFF picture')],
  [0, '8BPS', picture('a Photoshop file (PSD)')],
  [0, 'gimp xcf', picture('a GIMP file (XCF)')],
  [0, '\xff\x0a', picture('a JPEG XL picture')],
  [0, '\0\0\0\x0cJXL ', picture('a JPEG XL picture')],
  [0, '\0\0\0\x0cjP  ', picture('a JPEG 2000 picture')],
  [0, '\xff\x4f\xff\x51', picture('a JPEG 2000 picture')],
  [0, 'II\xbc\x01', picture('a JPEG XR picture')],
  [0, '\x0a\x05\x01\x08', picture('a PCX picture')],
  [0, '\x0a\x05\x01\x01', picture('a PCX picture')],
  [0, 'qoif', picture('a QOI picture')],
  [0, 'DDS ', picture('a texture (DDS)')],
  [0, '\xabKTX', picture('a texture (KTX)')],
  [0, 'v/1\x01', picture('an OpenEXR picture')],
  [0, '#?RADIANCE', picture('a Radiance HDR picture')],
  [0, '#?RGBE', picture('a Radiance HDR picture')],
  [0, 'SIMPLE  =', picture('a FITS picture')],
  [0, '\xd7\xcd\xc6\x9a', picture('a WMF drawing')],
  [40, ' EMF', picture('an EMF drawing')],
  [0, '\0\0\x01\0', ICON],
  [0, 'icns', picture('an icon (ICNS)')],
  [0, '\x1a\x45\xdf\xa3', video('WebM or Matroska')],
  [8, 'AVI LIST', video('AVI')],
  [0, 'FLV\x01', video('FLV')],
  [0, '\x30\x26\xb2\x75', video('Windows Media')],
  [0, '\0\0\x01\xba', video('MPEG')],
  [0, '\0\0\x01\xb3', video('MPEG')],
  [4, 'moov', video('QuickTime')],
  [4, 'mdat', video('QuickTime')],
  [4, 'wide', video('QuickTime')],
  [8, 'WAVEfmt ', sound('WAV')],
  [0, 'ID3\x03', sound('MP3')],
  [0, 'ID3\x04', sound('MP3')],
  [0, 'OggS', sound('Ogg')],
  [0, 'fLaC', sound('FLAC')],
  [30, '[Content_Types].xml', document('an office document')],
  [30, 'mimetypeapplication/vnd.oasis', document('an office document')],
  [30, 'mimetypeapplication/epub', document('a book (EPUB)')],
  [0, 'PK\x03\x04', archive('ZIP')],
  [0, 'PK\x05\x06', archive('ZIP')],
  [0, '\x1f\x8b', archive('gzip')],
  [0, '7z\xbc\xaf', archive('7z')],
  [0, 'Rar!', archive('RAR')],
  [0, '\xfd7zXZ\0', archive('xz')],
  [4, '1AY&SY', archive('bzip2')],
  [0, '\x28\xb5\x2f\xfd', archive('Zstandard')],
  [257, 'ustar', archive('tar')],
  [0, '\x7fELF', program],
  [0, 'MZ\x90\0', program],
  [0, '\xcf\xfa\xed\xfe', program],
  [0, '\0asm', program],
  [0, 'wOFF', font],
  [0, 'wOF2', font],
  [0, 'OTTO', font],
  [0, '\0\x01\0\0\0', font],
  [0, 'SQLite format 3', notAPicture('a database', 'Choose a picture.')],
];

/** The format of a file that cannot be used as a picture, or undefined if its first bytes match none. */
export function otherFormat(bytes: Uint8Array): OtherFormat | undefined {
  const found = MAGIC.find(([at, magic]) => latin1(bytes, at, magic.length) === magic);
  if (found) return found[2];
  const start = latin1(bytes, 0, 4);
  if (start === 'II*\0' || start === 'MM\0*') return tiffFormat(bytes, start === 'II*\0');
  // Netpbm: P1 to P7, white space, a number or a comment.
  if (/^P[1-7]\s[\d#W]/.test(start)) return picture('a Netpbm picture (PPM or PGM)');
  if (isTga(bytes)) return picture('a Targa picture (TGA)');
  return undefined;
}

/**
 * Targa has no magic number. Matches files without a palette, in RGB or grey, raw or run-length encoded,
 * with whole bytes per pixel.
 */
function isTga(bytes: Uint8Array): boolean {
  const noPalette = bytes.subarray(3, 8).every((byte) => byte === 0);
  const [kind, bits] = [bytes[2], bytes[16]];
  return bytes[1] === 0 && noPalette && [2, 3, 10, 11].includes(kind) && [8, 16, 24, 32].includes(bits);
}

const TAG_MAKE = 271;
const TAG_SUB_IFDS = 330;
const TAG_DNG_VERSION = 50706;

/** Many cameras write raw files as TIFF with the sensor data in a sub-directory (SubIFD). */
function tiffFormat(bytes: Uint8Array, little: boolean): OtherFormat {
  const tiff = picture('a TIFF picture');
  if (bytes.length < 8) return tiff;
  const view = viewOf(bytes);
  const start = view.getUint32(4, little);
  if (start + 2 > bytes.length) return tiff;
  const tags = new Set<number>();
  const end = Math.min(bytes.length - 12, start + 2 + 12 * view.getUint16(start, little));
  for (let at = start + 2; at < end; at += 12) tags.add(view.getUint16(at, little));
  if (tags.has(TAG_DNG_VERSION)) return raw('DNG');
  return tags.has(TAG_MAKE) && tags.has(TAG_SUB_IFDS) ? raw('NEF, ARW or similar') : tiff;
}

/**
 * The format of an ISO base media file that is not AVIF or HEIC, by its brands. Source: ISO/IEC 14496-12, 4.3
 */
export function formatByBrands(brands: readonly string[]): OtherFormat {
  if (brands.includes('crx ')) return raw('CR3');
  if (brands.includes('jxl ')) return picture('a JPEG XL picture');
  if (brands.some((brand) => brand === 'M4A ' || brand === 'M4B ')) return sound('M4A');
  return video(brands.includes('qt  ') ? 'QuickTime' : 'MP4');
}
