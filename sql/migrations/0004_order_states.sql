-- Up Migration

-- Nobody waits behind this for longer than that: the migration fails instead, and can be run again.
set local lock_timeout = '5s';

-- Every state of an order, when it came to it, and why it was returned or cancelled. No default and no rewrite: rows of before read null.
-- Their constraints are looked into by 0006, which holds nobody up.
alter table orders
  -- For one that allows more.
  -- squawk-ignore ban-drop-constraint
  drop constraint orders_status_check,
  add constraint orders_status_check check (status in ('created', 'ready', 'issued', 'returned', 'cancelled')) not valid,
  add column ready_at     timestamptz,
  add column issued_at    timestamptz,
  add column returned_at  timestamptz,
  add column cancelled_at timestamptz,
  add column reason       text,
  add constraint orders_reason_check check (length(reason) <= 500) not valid;

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
