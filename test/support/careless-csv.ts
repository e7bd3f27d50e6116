/**
 * Returns the cells of a CSV text as read by a tolerant parser with the wrong separator: a quote is special only at the
 * start of a cell, and text after the closing quote belongs to the cell. Python's csv and spreadsheets read in this way.
 */
export function carelessCells(text: string, separator: string): string[] {
  const cells: string[] = [];
  let cell = '';
  let state: 'start' | 'plain' | 'quoted' | 'closed' = 'start';
  for (const character of text) {
    if (state === 'quoted') {
      if (character === '"') state = 'closed';
      else cell += character;
    } else if (state === 'closed' && character === '"') {
      cell += character;
      state = 'quoted';
    } else if (character === separator || character === '\n' || character === '\r') {
      cells.push(cell);
      cell = '';
      state = 'start';
    } else if (state === 'start' && character === '"') {
      state = 'quoted';
    } else {
      cell += character;
      state = 'plain';
    }
  }
  return [...cells, cell];
}
