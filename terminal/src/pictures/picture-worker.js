// @ts-check
// The thread in which pictures are decoded. It is JavaScript, because threads start from a file of their own: Node.js 20 runs no
// TypeScript there, whether this runs from the sources or from the bundle. It imports nothing of the repository for the same reason.
import { parentPort, workerData } from 'node:worker_threads';
import { inflateSync } from 'node:zlib';
import { decode as decodePng, encode as encodePng } from 'fast-png';
import jpeg from 'jpeg-js';
import { image2sixel } from 'sixel';

/** @typedef {{ rgba: Uint8Array, width: number, height: number }} Pixels */
/**
 * @typedef {object} Job
 * @property {Uint8Array} bytes
 * @property {string} type `image/jpeg` or `image/png`
 * @property {number} orientation 1 to 8, as in Exif
 * @property {number} maxSide
 * @property {number} [encodeBytes] also write a file of at most this length
 * @property {{ width: number, height: number }} [sixels] also write sixels that fill this space, in pixels
 */

const SIGNATURE_BYTES = 8;
const DECODED = ['IHDR', 'PLTE', 'tRNS', 'IDAT', 'IEND'];
/** The type of colour that is an index of a palette. */
const PALETTE = 3;
const SLACK_BYTES = 65_536;
const JPEG_QUALITIES = [85, 70, 55, 40];
const SIXEL_PIXELS = 1_000_000;
const SIXEL_COLOURS = 256;
const SHORTER = [1, 0.75, 0.5, 0.25, 0.125];

/** @param {Job} job */
function work({ bytes, type, orientation, maxSide, encodeBytes, sixels }) {
  const whole = type === 'image/png' ? readPng(bytes) : readJpeg(bytes);
  const picture = turned(shrunk(whole, maxSide), orientation);
  return {
    picture,
    file: encodeBytes === undefined ? undefined : written(picture, encodeBytes),
    sixels: sixels === undefined ? undefined : writeSixels(fitted(picture, sixels)),
  };
}

/** @param {Uint8Array} bytes @returns {Pixels} */
function readJpeg(bytes) {
  const { megabytes, pixels } = workerData;
  const { data, width, height } = jpeg.decode(bytes, {
    useTArray: true,
    maxMemoryUsageInMB: megabytes,
    maxResolutionInMP: pixels / 1e6,
  });
  return { rgba: data, width, height };
}

/** @param {Uint8Array} bytes @returns {Pixels} */
function readPng(bytes) {
  const { width, height, depth, colours, isInterlaced, clean } = cleanPng(bytes);
  const channels = [1, 1, 3, 1, 2, 1, 4][colours] ?? 4;
  // The library reads pixels of less than a byte only line by line.
  if (isInterlaced && depth < 8) throw new Error('interlaced, with several pixels in a byte');
  // The decoder takes the pixels twice, and as four bytes each.
  const lineBytes = Math.ceil((width * channels * depth) / 8) + 1;
  const needed = 2 * lineBytes * height + 4 * width * height;
  if (needed > workerData.megabytes * 2 ** 20) throw new Error('more than this thread may use');
  // A few compressed bytes can become many: the library would read them all.
  inflateSync(clean.data, { maxOutputLength: 2 * lineBytes * height + SLACK_BYTES });
  const png = decodePng(clean.file);
  if (colours === PALETTE && png.palette === undefined) throw new Error('no palette');
  return { rgba: toRgba(png), width, height };
}

/**
 * Leaves only the chunks that have the pixels: profiles and texts may be compressed without limit.
 * @param {Uint8Array} bytes
 */
function cleanPng(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const parts = [bytes.subarray(0, SIGNATURE_BYTES)];
  const data = [];
  for (let at = SIGNATURE_BYTES; at + 12 <= bytes.length; ) {
    const end = at + 12 + view.getUint32(at);
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    if (DECODED.includes(type)) parts.push(bytes.subarray(at, end));
    if (type === 'IDAT') data.push(bytes.subarray(at + 8, end - 4));
    if (type === 'IEND') break;
    at = end;
  }
  const [depth, colours] = [bytes[SIGNATURE_BYTES + 16] ?? 0, bytes[SIGNATURE_BYTES + 17] ?? 0];
  return {
    width: view.getUint32(SIGNATURE_BYTES + 8),
    height: view.getUint32(SIGNATURE_BYTES + 12),
    depth,
    colours,
    isInterlaced: bytes[SIGNATURE_BYTES + 20] === 1,
    clean: { file: Buffer.concat(parts), data: Buffer.concat(data) },
  };
}

/** @param {import('fast-png').DecodedPng} png @returns {Uint8Array} */
function toRgba({ width, height, data, depth, channels, palette, transparency }) {
  const rgba = new Uint8Array(4 * width * height);
  const lineBytes = Math.ceil((width * channels * depth) / 8);
  const most = 2 ** depth - 1;
  /** @param {number} x @param {number} y @param {number} channel */
  const sample = (x, y, channel) => {
    if (depth >= 8) return data[(y * width + x) * channels + channel] ?? 0;
    const bit = x * depth;
    return ((data[y * lineBytes + (bit >> 3)] ?? 0) >> (8 - depth - (bit & 7))) & most;
  };
  /** @param {number} value */
  const toByte = (value) => Math.round((255 * value) / most);
  for (let y = 0, to = 0; y < height; y++)
    for (let x = 0; x < width; x++, to += 4) {
      const first = sample(x, y, 0);
      if (palette !== undefined) {
        const [red = 0, green = 0, blue = 0, opacity = 255] = palette[first] ?? [];
        rgba.set([red, green, blue, opacity], to);
        continue;
      }
      const isGrey = channels < 3;
      const second = isGrey ? first : sample(x, y, 1);
      const third = isGrey ? first : sample(x, y, 2);
      rgba[to] = toByte(first);
      rgba[to + 1] = toByte(second);
      rgba[to + 2] = toByte(third);
      const isClear =
        transparency !== undefined &&
        first === transparency[0] &&
        (isGrey || (second === transparency[1] && third === transparency[2]));
      rgba[to + 3] = channels % 2 === 0 ? toByte(sample(x, y, channels - 1)) : isClear ? 0 : 255;
    }
  return rgba;
}

/**
 * Each pixel becomes the average of those that it covers, by the part that it covers of them and as far as they are opaque.
 * @param {Pixels} from @param {number} maxSide @returns {Pixels}
 */
function shrunk(from, maxSide) {
  const scale = Math.min(1, maxSide / Math.max(from.width, from.height));
  if (scale === 1) return from;
  const width = Math.max(1, Math.round(from.width * scale));
  const height = Math.max(1, Math.round(from.height * scale));
  const columns = shares(from.width, width);
  const rows = shares(from.height, height);
  const sums = new Float64Array(4 * width);
  const rgba = new Uint8Array(4 * width * height);
  for (let y = 0; y < height; y++) {
    sums.fill(0);
    const row = /** @type {Share} */ (rows[y]);
    for (let i = 0; i < row.weights.length; i++)
      addLine(sums, from, row.first + i, columns, row.weights[i] ?? 0);
    for (let x = 0; x < 4 * width; x += 4) {
      const opacity = sums[x + 3] ?? 0;
      const to = 4 * width * y + x;
      for (let i = 0; i < 3; i++) rgba[to + i] = opacity === 0 ? 0 : Math.round((sums[x + i] ?? 0) / opacity);
      rgba[to + 3] = Math.round(opacity);
    }
  }
  return { rgba, width, height };
}

/**
 * The picture as large as a space allows, but for more pixels than are written fast.
 * @param {Pixels} from @param {{ width: number, height: number }} space @returns {Pixels}
 */
function fitted(from, space) {
  const most = Math.sqrt(SIXEL_PIXELS / (from.width * from.height));
  const scale = Math.min(space.width / from.width, space.height / from.height, most);
  if (scale <= 1) return shrunk(from, Math.max(1, Math.floor(Math.max(from.width, from.height) * scale)));
  const width = Math.floor(from.width * scale);
  const height = Math.floor(from.height * scale);
  const pixels = new Uint32Array(from.rgba.slice().buffer);
  const out = new Uint32Array(width * height);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      out[y * width + x] = pixels[Math.floor(y / scale) * from.width + Math.floor(x / scale)] ?? 0;
  return { rgba: new Uint8Array(out.buffer), width, height };
}

/** @typedef {{ first: number, weights: number[] }} Share */
/**
 * Which of `from` places each of `to` covers, and to what part: the weights of one add up to 1.
 * @param {number} from @param {number} to @returns {Share[]}
 */
function shares(from, to) {
  return Array.from({ length: to }, (_, place) => {
    const [start, end] = [(place * from) / to, ((place + 1) * from) / to];
    const first = Math.floor(start);
    const last = Math.min(from, Math.ceil(end - 1e-9));
    const weights = [];
    for (let at = first; at < last; at++)
      weights.push(((Math.min(at + 1, end) - Math.max(at, start)) * to) / from);
    return { first, weights };
  });
}

/** @param {Float64Array} sums @param {Pixels} from @param {number} line @param {Share[]} columns @param {number} weight */
function addLine(sums, { rgba, width }, line, columns, weight) {
  for (let x = 0; x < columns.length; x++) {
    const { first, weights } = /** @type {Share} */ (columns[x]);
    for (let i = 0; i < weights.length; i++) {
      const at = 4 * (line * width + first + i);
      const share = weight * /** @type {number} */ (weights[i]) * /** @type {number} */ (rgba[at + 3]);
      const to = 4 * x;
      sums[to] = /** @type {number} */ (sums[to]) + share * /** @type {number} */ (rgba[at]);
      sums[to + 1] = /** @type {number} */ (sums[to + 1]) + share * /** @type {number} */ (rgba[at + 1]);
      sums[to + 2] = /** @type {number} */ (sums[to + 2]) + share * /** @type {number} */ (rgba[at + 2]);
      sums[to + 3] = /** @type {number} */ (sums[to + 3]) + share;
    }
  }
}

/** @param {Pixels} from @param {number} orientation @returns {Pixels} */
function turned(from, orientation) {
  if (orientation === 1) return from;
  const isOnItsSide = orientation >= 5;
  const [width, height] = isOnItsSide ? [from.height, from.width] : [from.width, from.height];
  const flipsX = [2, 3, 7, 8].includes(orientation);
  const flipsY = [3, 4, 6, 7].includes(orientation);
  const pixels = new Uint32Array(from.rgba.slice().buffer);
  const out = new Uint32Array(width * height);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const [across, down] = isOnItsSide ? [y, x] : [x, y];
      const fromX = flipsX ? from.width - 1 - across : across;
      const fromY = flipsY ? from.height - 1 - down : down;
      out[y * width + x] = pixels[fromY * from.width + fromX] ?? 0;
    }
  return { rgba: new Uint8Array(out.buffer), width, height };
}

/**
 * A JPEG file, or a PNG file if something is transparent: the best and largest that is short enough.
 * @param {Pixels} picture @param {number} most bytes
 */
function written(picture, most) {
  const isOpaque = picture.rgba.every((value, at) => at % 4 !== 3 || value === 255);
  for (const part of SHORTER) {
    const pixels = shrunk(picture, Math.max(1, Math.round(Math.max(picture.width, picture.height) * part)));
    for (const quality of isOpaque ? JPEG_QUALITIES : [0]) {
      const file = isOpaque ? writeJpeg(pixels, quality) : writePng(pixels);
      if (file.length <= most) return file;
    }
  }
  return undefined;
}

/** @param {Pixels} pixels @param {number} quality @returns {Uint8Array} */
function writeJpeg({ rgba, width, height }, quality) {
  return jpeg.encode({ data: rgba, width, height }, quality).data;
}

/** @param {Pixels} pixels @returns {Uint8Array} */
function writePng({ rgba, width, height }) {
  return encodePng({ data: rgba, width, height, channels: 4 }, { zlib: { level: 9 } });
}

/** @param {Pixels} pixels @returns {string} The sequence that draws it; what is transparent shows the screen. */
function writeSixels({ rgba, width, height }) {
  return image2sixel(rgba, width, height, SIXEL_COLOURS, 1);
}

parentPort?.on('message', (/** @type {Job} */ job) => {
  try {
    parentPort?.postMessage(work(job));
  } catch (error) {
    parentPort?.postMessage({ failed: String(error) });
  }
});
parentPort?.postMessage('ready');
