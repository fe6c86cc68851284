-- Moves the view of one order to an event, or leaves it alone: check and write are one atomic step.
-- KEYS[1] the order's hash; ARGV: event id, version, status, the order as JSON.
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
redis.call('HSET', KEYS[1], 'version', ARGV[2], 'status', ARGV[3], 'event_id', ARGV[1], 'order', ARGV[4])
return {'applied', version or '0'}
