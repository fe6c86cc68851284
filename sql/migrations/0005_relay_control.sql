-- Up Migration

-- Nobody waits behind this for longer than that: the migration fails instead, and can be run again.
set local lock_timeout = '5s';

-- What people want of a relay, whoever leads; without a row, that it does what its configuration says. A leader looks at it twice a
-- second. `revision` goes up with every change, and `followed_revision` is the one that a leader has come to act by.
create table relay_control (
  relay             text        primary key,
  paused            boolean     not null default false,
  paused_by         text,
  paused_at         timestamptz,
  pause_reason      text,
  -- In the stead of RELAY_MODE.
  mode              text        check (mode in ('auto', 'cdc', 'polling')),
  mode_by           text,
  mode_at           timestamptz,
  mode_reason       text,
  revision          bigint      not null default 0,
  followed_revision bigint,
  -- RELAY_MODE of the leader that began last.
  configured_mode   text
);

-- Who did it (user@host), by which command; null for what the relay did by itself. No default and no rewrite: rows of before read
-- null, and a relay of before goes on writing its own.
alter table relay_history
  add column who       text,
  add column command   text,
  add column arguments jsonb;

-- Down Migration
