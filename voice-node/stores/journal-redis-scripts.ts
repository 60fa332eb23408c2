/**
 * What happens to a record happens in one step on the server: nobody comes in between. Times are the server's own, so
 * the nodes' clocks need not agree.
 *
 * Keys, all beginning with the same `{prefix}:` (in braces: one slot of a cluster):
 *   lease:<owner>   lives as long as its node renews it
 *   call:<callId>   hash of owner, room, record, moved; owner '' once a call that changed hands is over
 *   room:<room>     set of the calls there
 *   calls:<owner>   set of the calls of a process
 *   owners          set of the processes that have calls
 * ARGV[1] is always the prefix, ARGV[2] who asks.
 */
const HELPERS = `
local prefix, me = ARGV[1], ARGV[2]
local function key(kind, name) return prefix .. kind .. ':' .. name end
local function lives(owner) return redis.call('EXISTS', key('lease', owner)) == 1 end
local function note(set, member, keepMs)
  redis.call('SADD', set, member)
  redis.call('PEXPIRE', set, keepMs)
end
local function own(callId, keepMs)
  note(key('calls', me), callId, keepMs)
  note(prefix .. 'owners', me, keepMs)
end
`;

const script = (body: string): string => `${HELPERS}${body}`;

/** ARGV: callId, room, record, keepMs. 1 where the record is ours now, 0 where it is another's. */
export const PUT = script(`
local callId, room, record, keepMs = ARGV[3], ARGV[4], ARGV[5], ARGV[6]
local call = key('call', callId)
local owner = redis.call('HGET', call, 'owner')
if owner and owner ~= me then return 0 end
redis.call('HSET', call, 'owner', me, 'room', room, 'record', record)
redis.call('PEXPIRE', call, keepMs)
note(key('room', room), callId, keepMs)
own(callId, keepMs)
return 1
`);

/** ARGV: callId, keepMs. */
export const REMOVE = script(`
local callId, keepMs = ARGV[3], ARGV[4]
local call = key('call', callId)
local owner, room, moved = unpack(redis.call('HMGET', call, 'owner', 'room', 'moved'))
if owner ~= me then return 0 end
redis.call('SREM', key('room', room), callId)
redis.call('SREM', key('calls', me), callId)
redis.call('DEL', call)
if moved then
  redis.call('HSET', call, 'owner', '')
  redis.call('PEXPIRE', call, keepMs)
end
return 1
`);

/** ARGV: room. 'us', 'other' or nothing. */
export const HOLDER = script(`
local found = false
for _, callId in ipairs(redis.call('SMEMBERS', key('room', ARGV[3]))) do
  local owner = redis.call('HGET', key('call', callId), 'owner')
  if owner == me then return 'us' end
  if owner and owner ~= '' and lives(owner) then found = 'other' end
end
return found
`);

/** The records of all processes that are gone, as text. */
export const ORPHANS = script(`
local found = {}
for _, owner in ipairs(redis.call('SMEMBERS', prefix .. 'owners')) do
  if owner ~= me and not lives(owner) then
    local calls = key('calls', owner)
    for _, callId in ipairs(redis.call('SMEMBERS', calls)) do
      local holder, record = unpack(redis.call('HMGET', key('call', callId), 'owner', 'record'))
      if holder == owner and record then found[#found + 1] = record else redis.call('SREM', calls, callId) end
    end
    if redis.call('EXISTS', calls) == 0 then redis.call('SREM', prefix .. 'owners', owner) end
  end
end
return found
`);

/** ARGV: callId, keepMs. The record as text, or nothing. */
export const CLAIM = script(`
local callId, keepMs = ARGV[3], ARGV[4]
local call = key('call', callId)
local owner, record = unpack(redis.call('HMGET', call, 'owner', 'record'))
if not owner or owner == '' or owner == me or lives(owner) then return false end
redis.call('HSET', call, 'owner', me, 'moved', 1)
redis.call('PEXPIRE', call, keepMs)
redis.call('SREM', key('calls', owner), callId)
own(callId, keepMs)
return record
`);
