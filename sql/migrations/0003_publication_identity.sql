-- Up Migration

-- Nobody waits behind this for longer than that: the migration fails instead, and can be run again.
set local lock_timeout = '5s';

-- What the WAL was last read through: object ids of the publication and the transactions that wrote its catalog rows. A publication
-- that was changed and changed back leaves rows out of the WAL that the table has; its identity tells.
alter table relay_checkpoint add column publication text;

-- Down Migration
