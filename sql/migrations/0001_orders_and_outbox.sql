-- Up Migration

-- Nobody waits behind this for longer than that: the migration fails instead, and can be run again.
set local lock_timeout = '5s';

-- The aggregate. `lines` is the proto3 JSON of orders.v1.OrderLine (int64 as strings: nothing is ever rounded).
create table orders (
  id              uuid        primary key,
  customer_id     text        not null,
  pickup_point_id text        not null,
  currency        text        not null check (currency ~ '^[A-Z]{3}$'),
  lines           jsonb       not null,
  total_minor     bigint      not null check (total_minor >= 0),
  status          text        not null check (status in ('created')),
  version         bigint      not null check (version > 0),
  created_at      timestamptz not null
);

-- A sequence and not an identity column: identity on partitioned tables needs PostgreSQL 17.
create sequence outbox_position_seq as bigint;

-- Append-only: the relay updates and deletes no row here; partitions are dropped when they are wholly published.
-- `created_at` is stamped at insert (clock_timestamp: now() would be the transaction's start).
create table outbox (
  position          bigint      not null default nextval('outbox_position_seq'),
  id                uuid        not null,
  transaction_id    xid8        not null default pg_current_xact_id(),
  aggregate_type    text        not null,
  aggregate_id      text        not null,
  aggregate_version bigint      not null,
  event_type        text        not null,
  payload           jsonb       not null,
  headers           jsonb       not null default '{}' check (jsonb_typeof(headers) = 'object'),
  created_at        timestamptz not null default clock_timestamp(),
  primary key (position, created_at)
) partition by range (created_at);

alter sequence outbox_position_seq owned by outbox.position;

-- What polling searches by: the cost of a poll does not grow with the number of retained rows.
create index outbox_transaction_id on outbox (transaction_id);

-- Catches what no partition covers, so that an insert never fails for want of one.
create table outbox_default partition of outbox default;

-- Makes the daily partitions (UTC) from today to `days_ahead` days ahead that are missing; returns how many it made.
-- `attach` and not `create … partition of`: writers of other partitions are not blocked. A day of which the default
-- partition already holds rows cannot have a partition of its own any more: it is skipped with a warning.
create function outbox_make_partitions(days_ahead integer default 7) returns integer
  language plpgsql security definer set search_path from current set lock_timeout = '2s' as
$$
declare
  first_day date := (clock_timestamp() at time zone 'utc')::date;
  made      integer := 0;
begin
  for i in 0 .. least(greatest(days_ahead, 0), 366) loop
    declare
      day       date := first_day + i;
      partition text := 'outbox_p' || to_char(day, 'YYYYMMDD');
    begin
      -- With the schema: else a temporary table of that name would be taken for it.
      continue when to_regclass(format('%I.%I', current_schema, partition)) is not null;
      execute format('create table %I (like outbox including defaults including constraints)', partition);
      execute format('alter table outbox attach partition %I for values from (%L) to (%L)', partition,
                     day::timestamp at time zone 'utc', (day + 1)::timestamp at time zone 'utc');
      made := made + 1;
    exception
      -- unique_violation: another session makes the same one.
      when check_violation or duplicate_table or unique_violation or lock_not_available then
        raise warning 'partition % was not made: %', partition, sqlerrm;
    end;
  end loop;
  return made;
end
$$;
revoke execute on function outbox_make_partitions(integer) from public;
select outbox_make_partitions();

-- One row per relay. An event is published when it is visible in `published`, or visible in `drain_snapshot` with
-- position <= drain_position, or when it ends at or below `confirmed_lsn`. '1:1:' sees nothing.
create table relay_checkpoint (
  relay             text        primary key,
  published         pg_snapshot not null default '1:1:',
  drain_snapshot    pg_snapshot,
  drain_position    bigint,
  published_offsets jsonb       not null default '{}',
  confirmed_lsn     pg_lsn      not null default '0/0',
  confirmed_offsets jsonb       not null default '{}',
  slot              text,
  system_identifier text,
  mode              text        check (mode in ('cdc', 'polling')),
  epoch             bigint      not null default 0,
  leader            text,
  updated_at        timestamptz not null default clock_timestamp(),
  check ((drain_snapshot is null) = (drain_position is null))
);

-- The status of each event, derived and never stored; the polling mode selects `status = 'new'` in just this sense.
create view outbox_status with (security_barrier = false) as
select o.*,
       c.relay,
       case
         when pg_visible_in_snapshot(o.transaction_id, c.published)
           or (pg_visible_in_snapshot(o.transaction_id, c.drain_snapshot) and o.position <= c.drain_position)
         then 'processed'
         else 'new'
       end as status
  from outbox o
  left join relay_checkpoint c on true;

-- Inserts only, under the name of the partitioned table.
create publication outbox for table outbox with (publish = 'insert', publish_via_partition_root = true);

-- Down Migration
