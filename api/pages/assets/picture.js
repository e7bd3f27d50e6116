// @ts-check
/** @import { Drawing } from './charts.js' */

// Pixels of the picture for each of the page.
const SCALE = 2;

/**
 * A chart with its title, as a PNG.
 * @param {any} echarts
 * @param {Drawing} drawing
 * @param {object} option of ECharts
 * @returns {Promise<Blob | null>}
 */
export function pictureOf(echarts, { card, theme, width, height, size }, option) {
  const chart = echarts.init(document.createElement('div'), null, { renderer: 'canvas', width, height });
  chart.setOption({ ...option, animation: false });
  const drawn = chart.renderToCanvas({ pixelRatio: SCALE, backgroundColor: theme.surface });
  const head = size * 3 * SCALE;
  const canvas = document.createElement('canvas');
  canvas.width = drawn.width;
  canvas.height = drawn.height + head;
  const paper = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
  paper.fillStyle = theme.surface;
  paper.fillRect(0, 0, canvas.width, canvas.height);
  paper.fillStyle = theme.text;
  paper.font = `600 ${size * 1.2 * SCALE}px ${theme.font}`;
  paper.textBaseline = 'middle';
  paper.fillText(card.title, size * SCALE, head / 2);
  paper.drawImage(drawn, 0, head);
  chart.dispose();
  return new Promise((done) => canvas.toBlob(done, 'image/png'));
}
