-- For wrk: each request is an event with an id of its own.

local head = 'POST /webhook HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: wrk\r\n'
   .. 'Content-Type: application/cloudevents+json\r\nContent-Length: 1024\r\n\r\n'
   .. '{"specversion":"1.0","id":"'
local tail = '","source":"/benchmarks","type":"com.example.measured","subject":"vm-1234",'
   .. '"time":"2026-02-03T04:05:06.789Z","datacontenttype":"application/json",'
   .. '"data":{"key":42,"fill":"'
local count = 0

function init(arguments)
   -- The id has 20 octets, so the body always has 1,024.
   prefix = string.format("%010d", tonumber(arguments[1]))
   local bodyHead = '{"specversion":"1.0","id":"'
   local used = #bodyHead + 20 + #tail + 3
   tail = tail .. string.rep("x", 1024 - used) .. '"}}'
end

function request()
   count = count + 1
   return head .. prefix .. string.format("%010d", count) .. tail
end
