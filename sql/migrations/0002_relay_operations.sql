-- Up Migration

-- Nobody waits behind this for longer than that: the migration fails instead, and can be run again.
set local lock_timeout = '5s';

-- Events that can never be published (`reason` says why), and those of the same key that wait behind them (no reason). What is
-- in here counts as not published, whatever the checkpoint says. `seq` keeps the order in which the relay came across them.
create table outbox_dead_letter (
  seq               bigint      generated always as identity,
  relay             text        not null,
  id                uuid        not null,
  position          bigint      not null,
  transaction_id    xid8        not null,
  aggregate_type    text        not null,
  aggregate_id      text        not null,
  aggregate_version bigint      not null,
  event_type        text        not null,
  payload           jsonb       not null,
  headers           jsonb       not null,
  created_at        timestamptz not null,
  reason            text,
  detail            text,
  -- A few, which people have asked for.
  -- squawk-ignore prefer-bigint-over-int
  attempts          integer     not null default 1,
  request           text        check (request in ('retry', 'discard')),
  parked_at         timestamptz not null default clock_timestamp(),
  refused_at        timestamptz not null default clock_timestamp(),
  primary key (relay, id),
  check (request is null or reason is not null)
);
create index outbox_dead_letter_order on outbox_dead_letter (relay, aggregate_type, aggregate_id, seq);

-- What happened to each relay: changes of the mode, and what people did to it.
create table relay_history (
  id        bigint      generated always as identity primary key,
  relay     text        not null,
  at        timestamptz not null default clock_timestamp(),
  epoch     bigint,
  leader    text,
  from_mode text,
  to_mode   text,
  reason    text        not null
);
create index relay_history_at on relay_history (relay, at);

-- Drops the oldest daily partition that ends before now minus `retention` and is wholly published: seen by every relay's checkpoint,
-- and with no row among the dead letters. Without a relay nothing is dropped. Returns its name, or null when there is none;
-- one at a call, so that the table is locked for that moment only. Whoever writes is kept waiting for the lock timeout at the most: at
-- the first lock that is not to be had within it all is left for another time, for whoever holds it would be in the way of the next
-- partition as well.
--
-- The partition is locked first and looked at then: a transaction that still writes to it holds a lock that conflicts, and what
-- has committed is seen by the statements after it. That needs a snapshot for each statement, so the caller's isolation level matters.
create function outbox_drop_partition(retention interval) returns text
  language plpgsql strict security definer set search_path = public, pg_temp set lock_timeout = '200ms' as
$$
declare
  oldest_kept timestamptz := clock_timestamp() - greatest(retention, interval '0');
  candidate regclass;
  candidate_name text;
  day       date;
  is_needed boolean;
begin
  if current_setting('transaction_isolation') <> 'read committed' then
    raise exception 'outbox_drop_partition must be called at isolation level read committed'
      using errcode = 'invalid_transaction_state';
  end if;
  for candidate, candidate_name, day in
    select c.oid, c.relname, to_date(substr(c.relname, length('outbox_p') + 1), 'YYYYMMDD')
      from pg_inherits i
      join pg_class c on c.oid = i.inhrelid
     where i.inhparent = 'outbox'::regclass and c.relname ~ '^outbox_p\d{8}$'
     order by c.relname
  loop
    continue when (day + 1)::timestamp at time zone 'utc' >= oldest_kept;
    begin
      execute format('lock table only %s in share row exclusive mode', candidate);
      execute format(
        'select not exists (select from relay_checkpoint)
             or exists (select from relay_checkpoint c, %1$s o
                         where o.transaction_id >= pg_snapshot_xmin(c.published)
                           and not pg_visible_in_snapshot(o.transaction_id, c.published))
             or exists (select from outbox_dead_letter d where d.created_at >= $1 and d.created_at < $2)', candidate)
         into is_needed
        using day::timestamp at time zone 'utc', (day + 1)::timestamp at time zone 'utc';
      continue when is_needed;
      execute format('alter table outbox detach partition %s', candidate);
      execute format('drop table %s', candidate);
      return candidate_name;
    exception
      when lock_not_available then return null;
    end;
  end loop;
  return null;
end
$$;
revoke execute on function outbox_drop_partition(interval) from public;

-- Before them, nobody's temporary tables are looked at.
alter function outbox_make_partitions(integer) set search_path = public, pg_temp;

-- For `relay reset`, after a dump or an older backup was restored: transaction ids in the outbox may be of another cluster. Gives
-- the rows whose transaction this database has not seen the id of this transaction, and sets the relay's checkpoint to a
-- snapshot that sees all that is committed now (`adopt`) or nothing (`republish`). The table is locked against writers,
-- so that no row can slip in between. Dead letters stay, but for `republish`, where their events come again from the outbox: in
-- their order, which letters that are already there would stand in the way of. Returns the number of rows in the outbox
-- that are left to publish.
create function outbox_reset_checkpoint(relay_name text, republish boolean) returns bigint
  language plpgsql strict security definer set search_path = public, pg_temp set lock_timeout = '5s' as
$$
declare
  mine     xid8 := pg_current_xact_id();
  now_seen pg_snapshot;
  new_seen pg_snapshot := '1:1:';
begin
  lock table outbox in share row exclusive mode;
  now_seen := pg_current_snapshot();
  update outbox set transaction_id = mine where not pg_visible_in_snapshot(transaction_id, now_seen);
  update outbox_dead_letter set transaction_id = mine where not pg_visible_in_snapshot(transaction_id, now_seen);
  if republish then
    delete from outbox_dead_letter d using outbox o where d.relay = relay_name and d.id = o.id;
  else
    -- All that is visible now, and this transaction; while the lock was waited for, transactions with ids above ours may have
    -- committed. Ids from xmax to ours may be of transactions that are in progress.
    select format('%s:%s:%s', least(pg_snapshot_xmin(now_seen)::text::numeric, mine::text::numeric),
                  greatest(pg_snapshot_xmax(now_seen)::text::numeric, mine::text::numeric + 1),
                  string_agg(xid::text, ',' order by xid))::pg_snapshot
      into new_seen
      from (select xip::text::numeric as xid from pg_snapshot_xip(now_seen) xip
            union
            select generate_series(pg_snapshot_xmax(now_seen)::text::numeric, mine::text::numeric - 1)) in_progress;
  end if;
  update relay_checkpoint
     set published = new_seen, drain_snapshot = null, drain_position = null, published_offsets = '{}',
         confirmed_lsn = '0/0', confirmed_offsets = '{}', system_identifier = null, epoch = epoch + 1,
         updated_at = clock_timestamp()
   where relay = relay_name;
  if not found then
    raise exception 'there is no relay %', relay_name using errcode = 'no_data_found';
  end if;
  insert into relay_history (relay, reason)
  values (relay_name, case when republish then 'reset: all that is in the outbox is published again'
                           else 'reset: all that is in the outbox counts as published' end);
  return case when republish then (select count(*) from outbox) else 0 end;
end
$$;
revoke execute on function outbox_reset_checkpoint(text, boolean) from public;

-- Down Migration
