const icon = (path: string, box = 16) =>
  `<svg class="icon" viewBox="0 0 ${box} ${box}" aria-hidden="true" focusable="false">${path}</svg>`;

/** Mirante's logo, shown beside its name. */
export const MARK = `<svg class="mark" viewBox="0 0 24 24" aria-hidden="true" focusable="false"><rect width="24" height="24" rx="6"/><path d="M5 17 10 9l4 5 5-8"/></svg>`;

export const ICONS = {
  chart: icon('<path d="M2.5 2v11.5H14"/><path d="m5 10 2.5-3 2.5 2 3.5-4.5"/>'),
  table: icon('<rect x="2.5" y="3" width="11" height="10" rx="1.5"/><path d="M2.5 6.5h11M6.5 6.5V13"/>'),
  download: icon('<path d="M8 2.5v7M5 7l3 3 3-3M3 13h10"/>'),
  refresh: icon('<path d="M13 8a5 5 0 1 1-1.6-3.7M13 2.5v2.6h-2.6"/>'),
  picture: icon(
    '<rect x="2" y="3" width="12" height="10" rx="1.5"/><path d="m2.5 11.5 3.5-3.5 3 3 2-2 2.5 2.5M10.5 6.2h.01"/>',
  ),
  events: icon('<path d="M2.5 4h.01M2.5 8h.01M2.5 12h.01M5.5 4h8M5.5 8h8M5.5 12h8"/>'),
  lock: icon('<rect x="3.5" y="7" width="9" height="6.5" rx="1.5"/><path d="M5.5 7V5a2.5 2.5 0 0 1 5 0v2"/>'),
  arrow: icon('<path d="M3.5 8h9M9 4.5 12.5 8 9 11.5"/>'),
} as const;
