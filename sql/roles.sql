-- Least-privilege roles. Run after the migrations, as a superuser or the owner with CREATEROLE (REPLICATION can only be given
-- by a superuser, or on PostgreSQL 16 and up by a role that has it). Repeatable. The roles have no password: set one
-- with `alter role … password`, or map them in pg_hba.conf. The projector needs no role: it never talks to Postgres.
do $$
begin
  if to_regrole('orders_api') is null then create role orders_api login; end if;
  if to_regrole('outbox_relay') is null then create role outbox_relay login replication; end if;
end
$$;

grant usage on schema public to orders_api, outbox_relay;

-- The API commits an order and its outbox row; it can neither change nor read what is in the outbox. What the database stamps
-- (position, transaction, time) is not its to choose: with another transaction's id an event would never be published.
grant select, insert on orders to orders_api;
grant update (status, version, ready_at, issued_at, returned_at, cancelled_at, reason) on orders to orders_api;
grant select, insert, delete on idempotency_keys to orders_api;
grant insert (id, aggregate_type, aggregate_id, aggregate_version, event_type, payload, headers) on outbox to orders_api;
grant usage on sequence outbox_position_seq to orders_api;

-- The relay reads the outbox, keeps its checkpoint, and puts down what cannot be published. It owns nothing: partitions are made and
-- dropped by functions of the owner's.
grant select on outbox, outbox_status to outbox_relay;
grant select, insert, update on relay_checkpoint to outbox_relay;
grant select, insert, update, delete on outbox_dead_letter to outbox_relay;
grant select, insert on relay_history to outbox_relay;
grant select, insert, update on relay_control to outbox_relay;
grant execute on function outbox_make_partitions(integer), outbox_drop_partition(interval),
                          outbox_reset_checkpoint(text, boolean) to outbox_relay;
