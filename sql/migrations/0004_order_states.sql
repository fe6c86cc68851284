-- Up Migration

-- Nobody waits behind this for longer than that: the migration fails instead, and can be run again.
set local lock_timeout = '5s';

-- Every state of an order, when it came to it, and why it was returned or cancelled. No default and no rewrite: rows of before read null.
alter table orders
  drop constraint orders_status_check,
  add constraint orders_status_check check (status in ('created', 'ready', 'issued', 'returned', 'cancelled')) not valid,
  add column ready_at     timestamptz,
  add column issued_at    timestamptz,
  add column returned_at  timestamptz,
  add column cancelled_at timestamptz,
  add column reason       text check (length(reason) <= 500);

-- Lists are read newest first, from behind a position on; the ids of the same millisecond decide among themselves.
create index orders_newest on orders (created_at desc, id desc);
create index orders_of_customer on orders (customer_id, created_at desc, id desc);
create index orders_for_pickup_point on orders (pickup_point_id, created_at desc, id desc);
-- Those that wait for something are few among all that were.
create index orders_open on orders (status, created_at desc, id desc) where status in ('created', 'ready');

-- Which requests were done under which idempotency key: what was answered is an order at a version.
create table idempotency_keys (
  caller      text        not null,
  key         text        not null,
  fingerprint text        not null,
  order_id    uuid        not null,
  version     bigint      not null,
  done_at     timestamptz not null default clock_timestamp(),
  primary key (caller, key)
);
create index idempotency_keys_done_at on idempotency_keys (done_at);

-- Holds a key until the transaction ends. Raises IK001 when another transaction holds it (which is never waited for), IK002 when a
-- request was done under it in the last `kept`; an older one is forgotten.
create function claim_idempotency_key(of_caller text, of_key text, kept interval) returns void
  language plpgsql set search_path = public, pg_temp as
$$
begin
  if not pg_try_advisory_xact_lock(hashtextextended(of_key, hashtextextended(of_caller, 0))) then
    raise exception 'a request under this idempotency key is in flight' using errcode = 'IK001';
  end if;
  -- Each statement has a snapshot of its own: whoever held the lock before is seen.
  delete from idempotency_keys where caller = of_caller and key = of_key and done_at < clock_timestamp() - kept;
  if exists (select from idempotency_keys where caller = of_caller and key = of_key) then
    raise exception 'a request was done under this idempotency key' using errcode = 'IK002';
  end if;
end
$$;

-- Down Migration
