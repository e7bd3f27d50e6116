// @ts-check
/** @import { Table } from './chart-data.js' */

// Less than that is a click.
const LEAST_PIXELS = 8;

/** @typedef {{ offsetX: number, offsetY: number, event: PointerEvent | TouchEvent }} Point */

/**
 * Lets a mouse drag over a chart of times, and calls `zoom` with the window of the buckets that it passed over. A finger scrolls the page.
 * @param {any} chart of ECharts
 * @param {HTMLElement} box
 * @param {Table} table
 * @param {(window: { from: string, to: string }) => void} zoom
 */
export function zoomByDrag(chart, box, { spanOf, categories }, zoom) {
  if (!spanOf) return () => {};
  const surface = chart.getZr();
  /** @type {number | undefined} */
  let start;
  /** @type {HTMLElement | undefined} */
  let band;

  const place = (/** @type {number} */ x) =>
    Math.min(categories.length - 1, Math.max(0, Math.round(chart.convertFromPixel({ xAxisIndex: 0 }, x))));

  function clear() {
    band?.remove();
    band = undefined;
    start = undefined;
  }

  surface.on('mousedown', (/** @type {Point} */ { offsetX, offsetY, event }) => {
    const isMain = 'button' in event && event.button === 0 && event.pointerType !== 'touch';
    if (isMain && chart.containPixel({ gridIndex: 0 }, [offsetX, offsetY])) start = offsetX;
  });
  surface.on('mousemove', (/** @type {Point} */ { offsetX }) => {
    if (start === undefined || (!band && Math.abs(offsetX - start) < LEAST_PIXELS)) return;
    if (!band) {
      band = document.createElement('div');
      band.className = 'band';
      box.append(band);
    }
    band.style.left = `${Math.min(start, offsetX)}px`;
    band.style.width = `${Math.abs(offsetX - start)}px`;
  });
  surface.on('mouseup', (/** @type {Point} */ { offsetX }) => {
    const [from, isDrag] = [start, band !== undefined];
    clear();
    if (from === undefined || !isDrag) return;
    const [first, last] = [place(Math.min(from, offsetX)), place(Math.max(from, offsetX))];
    zoom(spanOf(first, last));
  });
  addEventListener('mouseup', clear);
  return () => removeEventListener('mouseup', clear);
}
