-- Takes one token from the bucket of a caller: read and write are one atomic step, by the clock of Redis, which all replicas share.
-- KEYS[1] the bucket; ARGV: tokens that come in a second, tokens that it holds.
-- Returns 0, or after how many milliseconds there will be a token.
--
-- The bucket is kept as the one moment, in microseconds, when it will be full again (the Generic Cell Rate Algorithm), and as nothing at
-- all once it is full: so an unknown caller has a full one.
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local per_token = 1000000 / tonumber(ARGV[1])
local full_at = math.max(tonumber(redis.call('GET', KEYS[1])) or now, now) + per_token
local wait = full_at - now - per_token * tonumber(ARGV[2])
-- Fractions of a microsecond come from the division only.
if wait >= 1 then return math.ceil(wait / 1000) end
-- Lua would write so large a number with 14 digits.
redis.call('SET', KEYS[1], string.format('%.0f', full_at), 'PX', math.ceil((full_at - now) / 1000))
return 0
