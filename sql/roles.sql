-- Least-privilege roles: the owner, who migrates; the API; the relay; the operator, a person at the command line. The projector needs
-- none: it never talks to Postgres. They have no passwords: set them with `alter role … password`, or map the roles in pg_hba.conf.
--
-- Run it as a superuser before the first migration, so that there is an owner to migrate as, and after each migration as the owner.
-- Repeatable: it makes what is missing and takes nothing away. What a superuser has migrated becomes the owner's when a superuser runs it.
-- (REPLICATION can only be given by a superuser, or on PostgreSQL 16 and up by a role that has it besides CREATEROLE.)
do $$
declare
  given text;
begin
  if to_regrole('orders_owner') is null then create role orders_owner login; end if;
  if to_regrole('orders_api') is null then create role orders_api login; end if;
  if to_regrole('outbox_relay') is null then create role outbox_relay login replication; end if;
  -- REPLICATION is for `outbox slot`, and lets it read all of the WAL: without it (`alter role outbox_operator noreplication`) all other
  -- commands work.
  if to_regrole('outbox_operator') is null then create role outbox_operator login replication; end if;

  -- The owner is neither a superuser nor the owner of the database: it could drop that. `create` on the database is for the publication.
  if not has_database_privilege('orders_owner', current_database(), 'create') then
    execute format('grant create on database %I to orders_owner', current_database());
  end if;
  -- Before the owner is given its right, which it may seem to have through this one. New databases are like this from PostgreSQL 15 on.
  if has_schema_privilege('public', 'public', 'create') then
    revoke create on schema public from public;
  end if;
  if not has_schema_privilege('orders_owner', 'public', 'create') then
    grant usage, create on schema public to orders_owner;
  end if;
  foreach given in array array['orders_api', 'outbox_relay', 'outbox_operator'] loop
    if not has_schema_privilege(given, 'public', 'usage') then
      execute format('grant usage on schema public to %I', given);
    end if;
  end loop;
  -- How old other roles' transactions are, which hold back the WAL.
  if not pg_has_role('outbox_operator', 'pg_read_all_stats', 'usage') then
    grant pg_read_all_stats to outbox_operator;
  end if;
end
$$;

-- Functions with their owner's rights must not have a superuser's.
do $$
declare
  statement text;
begin
  if not (select rolsuper from pg_roles where rolname = current_user) then return; end if;
  for statement in
    with superusers as (select oid from pg_roles where rolsuper),
         tables as (
           select c.oid, c.relkind from pg_class c
            where c.relowner in (select oid from superusers)
              and (c.oid in (to_regclass('public.orders'), to_regclass('public.idempotency_keys'), to_regclass('public.outbox'),
                             to_regclass('public.outbox_status'), to_regclass('public.outbox_dead_letter'),
                             to_regclass('public.relay_checkpoint'), to_regclass('public.relay_history'),
                             to_regclass('public.relay_control'), to_regclass('public.migrations'))
                   or c.oid in (select inhrelid from pg_inherits where inhparent = to_regclass('public.outbox'))))
    select format('alter %s %s owner to orders_owner', case relkind when 'v' then 'view' else 'table' end, oid::regclass) from tables
    union all
    select format('alter function %s owner to orders_owner', oid::regprocedure) from pg_proc
     where proowner in (select oid from superusers) and pronamespace = 'public'::regnamespace
       and proname in ('outbox_make_partitions', 'outbox_drop_partition', 'outbox_reset_checkpoint', 'claim_idempotency_key')
    union all
    select format('alter publication %I owner to orders_owner', pubname) from pg_publication
     where pubowner in (select oid from superusers) and pubname = 'outbox' and to_regclass('public.outbox') is not null
  loop
    execute statement;
  end loop;
end
$$;

do $$
begin
  if to_regclass('public.outbox') is null then
    raise notice 'there are no tables yet: migrate as orders_owner, then run this again';
    return;
  end if;

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

  -- The operator looks at all that is the relay's, and asks it for something: what a command writes, and a row of the history that says
  -- who. It can write neither to the outbox nor to the checkpoint (but through a reset), and knows nothing of orders but their events.
  grant select on outbox, outbox_status, relay_checkpoint, outbox_dead_letter, relay_history, relay_control to outbox_operator;
  grant insert (relay, who, command, arguments, reason) on relay_history to outbox_operator;
  grant insert (relay), update (paused, paused_by, paused_at, pause_reason, mode, mode_by, mode_at, mode_reason, revision)
    on relay_control to outbox_operator;
  grant update (request) on outbox_dead_letter to outbox_operator;
  grant execute on function outbox_reset_checkpoint(text, boolean) to outbox_operator;
end
$$;
