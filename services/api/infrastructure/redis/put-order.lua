-- Puts an order into the API's cache unless there is the same version or a newer one: check and write are one atomic step.
-- KEYS[1] the order's hash; ARGV: version, the order as JSON, time to live in ms.
-- Returns 1 when it was put, 0 when it was not. What is not put does not live longer either: that bounds how old an answer can be.
--
-- Versions are decimal strings without leading zeros and are compared as such: a Lua number would round above 2^53.
local function older(a, b)
  if #a ~= #b then return #a < #b end
  return a < b
end

local version = redis.call('HGET', KEYS[1], 'version')
if version and not older(version, ARGV[1]) then return 0 end
redis.call('HSET', KEYS[1], 'version', ARGV[1], 'order', ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 1
