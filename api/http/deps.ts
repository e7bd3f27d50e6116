import type { Config } from '../../lib/config.ts';
import type { Logger } from '../../lib/log.ts';
import type { ObjectStore } from '../../lib/object-store.ts';
import type { ArchiveHome } from '../../sql/archive/home.ts';
import type { Pool } from '../../sql/database/db.ts';
import type { AccessLog } from '../audit/access-log.ts';
import type { Cards } from '../dashboards/cards.ts';
import type { Dashboard } from '../dashboards/definition.ts';
import type { Embeds } from '../dashboards/embeds.ts';
import type { Viewers } from '../dashboards/viewers.ts';
import type { EventTypeRegistry } from '../event-types/event-types.ts';
import type { GroupCommit } from '../events/group-commit.ts';
import type { LiveTails } from '../events/live-tails.ts';
import type { Telemetry } from '../events/telemetry.ts';
import type { Downloads } from '../exports/downloads.ts';
import type { ExportSlots } from '../exports/slots.ts';
import type { Attempts } from '../members/attempts.ts';
import type { Provider } from '../members/provider.ts';
import type { Assets } from '../pages/assets.ts';
import type { FloodGate } from '../performance/flood-gate.ts';
import type { FormStamp } from '../performance/form-stamp.ts';
import type { Answers } from './answers.ts';
import type { Authenticator } from './auth.ts';
import type { ClientAddress } from './client-address.ts';
import type { Idempotency } from './idempotency.ts';
import type { RequestLimits } from './limits.ts';
import type { OpenMetrics } from './open-metrics.ts';

/** Everything that a request may need. Created once in wire.ts and passed in. */
export type Deps = {
  config: Config;
  log: Logger;
  /** Connections of mirante_api for reads and changes by tenants, in fair turns. */
  pool: Pool;
  /** Connections of mirante_api for ingestion outside the group commit: ingestion never waits behind reads. */
  intake: Pool;
  /** Connections of mirante_api for /readyz, with short limits. */
  health: Pool;
  /** Connections of mirante_api for streamed exports, which may run long, and the slots that limit them. */
  exportPool: Pool;
  exportSlots: ExportSlots;
  /** Connections of mirante_ops, which cannot read the content of events. */
  ops: Pool;
  /** Files of raw events that are no longer in the database. */
  archive: ArchiveHome;
  auth: Authenticator;
  clientAddress: ClientAddress;
  accessLog: AccessLog;
  limits: RequestLimits;
  /** Refused sign-ins by address. */
  attempts: Attempts;
  /** Floods of feedback, and when its forms were shown. */
  floodGate: FloodGate;
  formStamp: FormStamp;
  /** Absent where there is none. */
  provider: Provider | undefined;
  idempotency: Idempotency;
  types: EventTypeRegistry;
  answers: Answers;
  /** Dashboards by slug. */
  dashboards: Map<string, Dashboard>;
  cards: Cards;
  viewers: Viewers;
  downloads: Downloads;
  /** Where the files of exports are stored. */
  objects: ObjectStore;
  /** Undefined if Metabase is not configured. */
  embeds: Embeds | undefined;
  assets: Assets;
  groupCommit: GroupCommit;
  /** Events as they are received, for live streams. */
  live: LiveTails;
  openMetrics: OpenMetrics;
  telemetry: Telemetry;
};
