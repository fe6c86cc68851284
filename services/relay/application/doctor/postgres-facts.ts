/** What is asked of Postgres. Sizes are in bytes, times in ms; undefined where this version of Postgres has no such thing. */
export interface PostgresFacts {
  readonly connection: ConnectionFacts;
  readonly server: ServerFacts;
  readonly clock: ClockFacts;
  readonly role: RoleFacts;
  readonly walsender: WalsenderFacts;
  readonly slots: SlotsFacts;
  readonly standbys: StandbyFacts;
  readonly relayTables: readonly RelationFacts[];
  readonly rights: readonly RightFacts[];
  readonly table: TableFacts | undefined;
  readonly partitions: PartitionFacts;
  readonly publication: PublicationFacts | undefined;
  readonly checkpoint: CheckpointFacts | undefined;
  readonly transactions: TransactionFacts;
}

/** Never unreadable: why it cannot be reached is its fact. */
export interface ConnectionFacts {
  readonly host: string;
  readonly failure: { readonly said: string; readonly helps: string } | undefined;
}

export interface ServerFacts {
  /** As in `18.4`. */
  readonly version: string;
  readonly major: number;
  readonly database: string;
  readonly isStandby: boolean;
  readonly walLevel: string;
  readonly maxReplicationSlots: number;
  readonly maxWalSenders: number;
  /** -1: no limit. */
  readonly maxSlotWalKeepSize: number;
  /** 0: never. */
  readonly walSenderTimeout: number;
  readonly idleReplicationSlotTimeout: number | undefined;
  readonly synchronizedStandbySlots: string | undefined;
  /** On the average since the server's statistics begin; undefined when that is less than an hour ago. */
  readonly walBytesPerSecond: number | undefined;
}

export interface ClockFacts {
  /** The server's clock minus ours. */
  readonly skew: number;
  /** It may be wrong by so much. */
  readonly uncertainty: number;
}

export interface RoleFacts {
  readonly name: string;
  readonly isSuperuser: boolean;
  readonly mayReplicate: boolean;
}

/** Whether a connection for replication can be opened, as the relay does. */
export interface WalsenderFacts {
  readonly failure: { readonly said: string; readonly code: string } | undefined;
}

export interface SlotsFacts {
  readonly used: number;
  /** Those that nobody reads. */
  readonly inactive: readonly string[];
  readonly ours: SlotFacts | undefined;
}

export interface SlotFacts {
  readonly plugin: string | undefined;
  readonly database: string | undefined;
  readonly isHere: boolean;
  /** Of whoever streams from it. */
  readonly activePid: number | undefined;
  readonly readerName: string | undefined;
  readonly walStatus: string;
  readonly invalidationReason: string | undefined;
  readonly retained: number;
  readonly safeWalSize: number | undefined;
  readonly inactive: number | undefined;
  readonly failover: boolean | undefined;
}

export interface StandbyFacts {
  /** All walsenders, also those of logical slots. */
  readonly walsenders: number;
  /** Physical slots that are read. */
  readonly slots: readonly { readonly name: string; readonly hasFeedback: boolean }[];
}

/** A table or view that the relay keeps its state in. */
export interface RelationFacts {
  readonly name: string;
  readonly exists: boolean;
  readonly missingColumns: readonly string[];
}

export interface RightFacts {
  /** As a grant names it: `table outbox`, `function outbox_make_partitions(integer)`. */
  readonly object: string;
  readonly right: string;
  readonly exists: boolean;
  readonly granted: boolean;
}

export interface TableFacts {
  readonly isPartitioned: boolean;
  readonly columns: readonly { readonly name: string; readonly type: string; readonly notNull: boolean }[];
  /** Begins one with transaction_id, and is valid. */
  readonly hasTransactionIndex: boolean;
  readonly hasPrimaryKey: boolean;
  /** As pg_class has it: d (the primary key), n, f, i. */
  readonly replicaIdentity: string;
}

export interface PartitionFacts {
  readonly defaultPartition: { readonly name: string; readonly rows: number } | undefined;
  /** From now to where the partitions that follow one another without a gap end; undefined: none holds now. */
  readonly ahead: number | undefined;
}

export interface PublicationFacts {
  readonly hasTable: boolean;
  readonly publishesInserts: boolean;
  readonly otherOperations: readonly string[];
  readonly viaRoot: boolean;
  readonly hasRowFilter: boolean;
  readonly missingColumns: readonly string[];
}

export interface CheckpointFacts {
  readonly systemIdentifier: string | undefined;
  readonly foundIdentifier: string;
  readonly isAhead: boolean;
  readonly leader: string | undefined;
  /** Sessions of relays of this name. */
  readonly sessions: number;
}

export interface TransactionFacts {
  /** The oldest of those whose age can be seen. */
  readonly oldest: { readonly pid: number; readonly age: number; readonly user: string } | undefined;
  /** Sessions with a transaction whose age is hidden from the role. */
  readonly hidden: number;
  readonly prepared: readonly { readonly gid: string; readonly age: number }[];
}
