-- Moves the view of one order to an event, or leaves it alone: check and write are one atomic step.
-- KEYS: the order's hash, the API's cache of it, the channel of its changes (a cluster wants all three in one slot).
-- ARGV: event id, version, status, the order as JSON, times.
-- Returns {outcome, the version before ("0" when there was none)}.
--
-- Versions are decimal strings without leading zeros and are compared as such: a Lua number would round above 2^53.
-- The JSON is stored as it came: cjson would round its integers.
local function older(a, b)
  if #a ~= #b then return #a < #b end
  return a < b
end

local stored = redis.call('HMGET', KEYS[1], 'event_id', 'version')
local event_id, version = stored[1], stored[2]
if version then
  if event_id == ARGV[1] then return {'duplicate', version} end
  if version == ARGV[2] then return {'conflict', version} end
  if older(ARGV[2], version) then return {'stale', version} end
end
-- First, for what is refused (no right to the channel) then stops it before anything is written: the next try tells of it again.
redis.call('SPUBLISH', KEYS[3], ARGV[2])
redis.call('HSET', KEYS[1], 'version', ARGV[2], 'status', ARGV[3], 'event_id', ARGV[1], 'order', ARGV[4], 'times', ARGV[5])
-- pcall: something else under the cache's key must not hold up the view. HSET keeps the time to live.
local cached = redis.pcall('HGET', KEYS[2], 'version')
if type(cached) == 'string' and older(cached, ARGV[2]) then
  redis.call('HSET', KEYS[2], 'version', ARGV[2], 'order', ARGV[4])
end
return {'applied', version or '0'}
