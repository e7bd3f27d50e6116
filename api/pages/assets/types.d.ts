/** The data that the server puts into a dashboard's page for its module. */
export type PageColumn = { name: string; title: string; format: string };
export type Chart = {
  x?: string;
  y: string[];
  series?: string;
  rows?: string;
  stacked?: boolean;
  goal?: number;
  min?: number;
  max?: number;
  segments?: { to: number; tone: 'good' | 'warning' | 'bad' }[];
  better?: 'higher' | 'lower';
  /** Width of the buckets if it is fixed for this card. */
  interval?: 'week' | 'month';
};
export type PageCard = {
  name: string;
  title: string;
  empty?: string;
  display: string;
  columns: PageColumn[];
  chart?: Chart;
  takes: string[];
};
export type PageParameter = { name: string; title: string; values?: { card: string; column: string } };
export type Definition = {
  slug: string;
  locale: string;
  timezone: string;
  /** The range to show if the address has none. */
  range: string;
  expires_at: string | null;
  locked: Record<string, string | string[]>;
  parameters: PageParameter[];
  cards: PageCard[];
  texts: Record<string, string>;
  /** In the console: what else its reader may do. */
  console?: { events: boolean; notes: boolean; share: boolean };
};

/** What somebody noted of a moment. */
export type Mark = { time: string; text: string };

/** What a card may ask of the page around it. */
export type CardPage = {
  /** Choices that are open, each with the column whose values it takes. */
  filters: { name: string; title: string; column: string }[];
  /** The names of those that are made. */
  chosen: () => string[];
  choose: (name: string, value: string) => void;
  zoom?: (window: { from: string; to: string }) => void;
  isCompared: () => boolean;
  /** Whether charts show the window before, too. */
  drawsBefore?: () => boolean;
  marks: () => Mark[];
};

export type Value = string | number | boolean | null | undefined;
export type Row = Record<string, Value>;
/** A card's rows as the API answers. */
export type PageAnswer = {
  from: string;
  to: string;
  interval: string;
  timezone: string;
  watermark: string;
  restated?: { days: number; latest: string | null };
  /** Whether the previous period, of the same length, has data from its start. */
  has_before?: boolean;
  /** The answer of the window before, where a chart is compared with it. */
  before?: PageAnswer;
  data: Row[];
};

/** Indexes into the list of colours. */
export type Colours = {
  /** Assigns a colour to values that have none, in an order that does not depend on the chart. */
  know: (values: readonly string[]) => void;
  ofValue: (value: string) => number;
  ofFigure: (title: string) => number;
  isColoured: (column: string) => boolean;
};

/** Choices of the reader in a card. They survive a refresh. */
export type Choices = {
  hidden: Set<string>;
  order?: { column: string; direction: 1 | -1 };
  page: number;
  search: string;
};

/** What a chart gets from its page. */
export type Reader = {
  texts: Record<string, string>;
  locale: string;
  timezone: string;
  say: (name: string, values?: Record<string, string>) => string;
  show: (value: Value, format: string, interval?: string) => string;
  colours: Colours;
  /** An ISO week or a month, for an axis. */
  period: (value: string) => string;
  brief: (value: Value, format: string, digits?: number) => string;
  page: CardPage;
};
