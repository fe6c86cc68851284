-- Lets the relay publish an outbox in the shape of Debezium's event router where it is: adds what the relay needs to the table
-- public.outboxevent (id, aggregatetype, aggregateid, type, payload). Writers need not change, and nothing is rewritten. Rows that are there
-- when it runs get no stamps and so are never looked at: they are the old publisher's. Put your names in, read docs/operations.md, section 7,
-- and run it after the migrations and sql/roles.sql, as the table's owner, with psql (an index is built concurrently outside of a transaction only).
begin;
-- Each row is written either wholly before or wholly after; nobody waits for longer than this.
set local lock_timeout = '5s';
create sequence outboxevent_position_seq as bigint;
alter table outboxevent
  add column position          bigint,
  add column transaction_id    xid8,
  add column created_at        timestamptz,
  add column aggregate_version bigint not null default 0,
  add column headers           jsonb  not null default '{}',
  alter column position       set default nextval('outboxevent_position_seq'),
  alter column transaction_id set default pg_current_xact_id(),
  alter column created_at     set default clock_timestamp(),
  -- A null in one of these would stop the relay. Rows of before have them.
  add constraint outboxevent_stamped check (position is not null) not valid,
  add constraint outboxevent_stamped_transaction check (transaction_id is not null) not valid,
  add constraint outboxevent_stamped_time check (created_at is not null) not valid,
  add constraint outboxevent_payload check (payload is not null) not valid;
alter sequence outboxevent_position_seq owned by outboxevent.position;
commit;

-- What a drain, and a poll, search by.
create index concurrently outboxevent_transaction_id on outboxevent (transaction_id);

create index concurrently outboxevent_position on outboxevent (position);

create publication outboxevent for table outboxevent with (publish = 'insert');

grant select on outboxevent to outbox_relay, outbox_operator;

-- To each role that writes to the table: grant usage on sequence outboxevent_position_seq to …;
