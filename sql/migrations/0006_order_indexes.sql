-- Up Migration
-- No transaction: an index can be built concurrently, without holding writers up, outside of one only. Statements are set apart by empty
-- lines, and run one by one; after a failure it can be run again.

-- What an attempt before has left behind is of no use.
do $$
declare
  broken regclass;
begin
  set local lock_timeout = '5s';
  for broken in
    select indexrelid from pg_index
     where not indisvalid and indexrelid in (to_regclass('orders_newest'), to_regclass('orders_of_customer'),
                                             to_regclass('orders_for_pickup_point'), to_regclass('orders_open'))
  loop
    execute format('drop index %s', broken);
  end loop;
end
$$;

-- These wait for transactions that are open, for as long as it takes, and nobody waits for them.
set lock_timeout = 0;

-- Lists are read newest first, from behind a position on; the ids of the same millisecond decide among themselves.
create index concurrently if not exists orders_newest on orders (created_at desc, id desc);

create index concurrently if not exists orders_of_customer on orders (customer_id, created_at desc, id desc);

create index concurrently if not exists orders_for_pickup_point on orders (pickup_point_id, created_at desc, id desc);

-- Those that wait for something are few among all that were.
create index concurrently if not exists orders_open on orders (status, created_at desc, id desc) where status in ('created', 'ready');

-- Reads all orders, and holds nobody up while it does.
alter table orders validate constraint orders_status_check;

alter table orders validate constraint orders_reason_check;

reset lock_timeout;

-- Down Migration
