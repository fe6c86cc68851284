-- Moves the views of orders to events, one after the other, or leaves them alone: check and write are one atomic step.
-- KEYS, of each event: the order's hash, the API's cache of it, the channel of its changes.
-- ARGV, of each event: event id, version, status, the order as JSON, times. Then for how long (ms) a view is kept that changes no more, and
-- which of the events, counted from 0, have such a view: "0,7".
-- Returns, of each event: outcome, the version before ("0" when there was none). As one text: a reply of a hundred costs both sides more.
--
-- Versions are decimal strings without leading zeros and are compared as such: a Lua number would round above 2^53.
-- The JSON is stored as it came: cjson would round its integers.
local function older(a, b)
  if #a ~= #b then return #a < #b end
  return a < b
end

local function apply(view, cache, channel, event_id, version, status, order, times)
  local shown = redis.call('HMGET', view, 'event_id', 'version')
  local before = shown[2]
  if before then
    if shown[1] == event_id then return 'duplicate', before end
    if before == version then return 'conflict', before end
    if older(version, before) then return 'stale', before end
  end
  -- First, for what is refused (no right to the channel) then stops it before anything is written: the next try tells of it again.
  redis.call('SPUBLISH', channel, version)
  redis.call('HSET', view, 'version', version, 'status', status, 'event_id', event_id, 'order', order, 'times', times)
  -- pcall: something else under the cache's key must not hold up the view. HSET keeps the time to live.
  local cached = redis.pcall('HGET', cache, 'version')
  if type(cached) == 'string' and older(cached, version) then
    redis.call('HSET', cache, 'version', version, 'order', order)
  end
  return 'applied', before or '0'
end

local kept_ms, final = ARGV[#ARGV - 1], {}
for i in string.gmatch(ARGV[#ARGV], '%d+') do final[tonumber(i)] = true end

local results = {}
for i = 0, #KEYS / 3 - 1 do
  local k, a = 3 * i, 5 * i
  local outcome, before = apply(
    KEYS[k + 1], KEYS[k + 2], KEYS[k + 3],
    ARGV[a + 1], ARGV[a + 2], ARGV[a + 3], ARGV[a + 4], ARGV[a + 5])
  if final[i] and (outcome == 'applied' or outcome == 'duplicate') then
    redis.call('PEXPIRE', KEYS[k + 1], kept_ms)
  end
  results[2 * i + 1], results[2 * i + 2] = outcome, before
end
return table.concat(results, ' ')
