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
import type { Telemetry } from '../events/telemetry.ts';
import type { Downloads } from '../exports/downloads.ts';
import type { ExportSlots } from '../exports/slots.ts';
import type { Attempts } from '../members/attempts.ts';
import type { Provider } from '../members/provider.ts';
import type { Assets } from '../pages/assets.ts';
import type { Answers } from './answers.ts';
import type { Authenticator } from './auth.ts';
import type { ClientAddress } from './client-address.ts';
import type { Idempotency } from './idempotency.ts';
import type { RequestLimits } from './limits.ts';
import type { OpenMetrics } from './open-metrics.ts';

/** Everything that a request may need, made once in wire.ts and passed in. */
export type Deps = {
  config: Config;
  log: Logger;
  /** Connections of mirante_api for what tenants read and change, in turns. */
  pool: Pool;
  /** Connections of mirante_api for what ingestion needs beside the group commit: it never waits behind reads. */
  intake: Pool;
  /** Connections of mirante_api for /readyz, with short limits. */
  health: Pool;
  /** Connections of mirante_api for streamed exports, which may take long, and who may have one. */
  exportPool: Pool;
  exportSlots: ExportSlots;
  /** Connections of mirante_ops, which sees no content of any event. */
  ops: Pool;
  /** Files of raw events that have left the database. */
  archive: ArchiveHome;
  auth: Authenticator;
  clientAddress: ClientAddress;
  accessLog: AccessLog;
  limits: RequestLimits;
  /** Refused sign-ins by address. */
  attempts: Attempts;
  /** Absent where there is none. */
  provider: Provider | undefined;
  idempotency: Idempotency;
  types: EventTypeRegistry;
  answers: Answers;
  /** By their slugs. */
  dashboards: Map<string, Dashboard>;
  cards: Cards;
  viewers: Viewers;
  downloads: Downloads;
  /** Where files of exports lie. */
  objects: ObjectStore;
  /** Absent where there is no Metabase. */
  embeds: Embeds | undefined;
  assets: Assets;
  groupCommit: GroupCommit;
  openMetrics: OpenMetrics;
  telemetry: Telemetry;
};
