-- meta: the journal's id and its counters
select id, duplicates, different from meta;

-- new_meta: the first row of a new file
insert into meta values (?, 0, 0);

-- new_id: a tail was lost: what follows belongs to another journal
update meta set id = ?;

-- counted: same event again, another value for a time that had one
update meta set duplicates = duplicates + ?, different = different + ?;

-- tip: the last sequence number ever given
select coalesce((select seq from sqlite_sequence where name = 'queue'), 0);

-- new_life: a daemon has opened the file
insert into life(id, first) values (?, ?);

-- life: the present run of a daemon
select id from life order by number desc limit 1;

-- life_end: the last sequence number of a run; no row: never heard of it
select coalesce((select min(first) - 1 from life where number > l.number), ?) from life as l where id = ?;

-- inputs: frames journaled of each input
select device, frames from input;

-- put_input: frames journaled of an input
insert into input values (?, ?) on conflict (device) do update set frames = excluded.frames;

-- readers: what each has
select name, done from reader order by name;

-- put_reader: what a reader has
insert into reader values (?, ?) on conflict (name) do update set done = excluded.done;

-- drop_reader: it is no longer waited for
delete from reader where name = ?;

-- forget_done: no reader has anything of a new journal
update reader set done = '{}';

-- channels: all of them
select id, bed, device, code, source, role, site, unit from channel;

-- new_channel: returns its id
insert into channel(bed, device, code, source, role, site, unit) values (?, ?, ?, ?, ?, ?, ?) returning id;

-- newest_obs: the last time of a channel's readings
select max(time) from obs where channel = ?;

-- newest_wave: the last time of a channel's pieces
select max(time) from wave where channel = ?;

-- same_obs: what a channel already has at a time
select value, text, quality, demo from obs where channel = ? and time = ? order by n;

-- same_wave: what a channel already has at a time
select rate_hz, scale, "offset", quality, demo, samples, enc, data from wave where channel = ? and time = ? order by n;

-- same_condition: what a condition already has at a time
select type, priority, phase, code, text, device_priority, demo, device_time
from condition where bed = ? and device = ? and source = ? and time = ? order by n;

-- same_identity: what a device already said at a time
select body from identity where bed = ? and device = ? and kind = ? and time = ? order by n;

-- put_obs: a reading
insert into obs(channel, time, n, value, text, quality, demo) values (?, ?, ?, ?, ?, ?, ?);

-- put_wave: a piece
insert into wave(channel, time, n, rate_hz, scale, "offset", quality, demo, samples, enc, data)
values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- put_condition: a change
insert into condition(bed, device, source, time, n, type, priority, phase, code, text, device_priority, demo, device_time)
values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- put_identity: who it is
insert into identity(bed, device, kind, time, n, body) values (?, ?, ?, ?, ?, ?);

-- put_queue: in the order of arrival
insert into queue(seq, kind, id, time, n) values (?, ?, ?, ?, ?);

-- put_latest: the last reading of a channel
insert into latest(channel, seq, time, value, text, quality, demo) values (?, ?, ?, ?, ?, ?, ?)
on conflict (channel) do update set seq = excluded.seq, time = excluded.time, value = excluded.value,
  text = excluded.text, quality = excluded.quality, demo = excluded.demo;

-- put_minute: readings of a minute join those that are there
insert into minute(minute, channel, last_time, last, low, high, count, questionable, demo)
values (?, ?, ?, ?, ?, ?, ?, ?, ?)
on conflict (minute, channel) do update set
  last = case when excluded.last_time >= last_time then excluded.last else last end,
  last_time = max(last_time, excluded.last_time),
  low = min(low, excluded.low), high = max(high, excluded.high), count = count + excluded.count,
  questionable = max(questionable, excluded.questionable), demo = max(demo, excluded.demo);

-- first_queued: the first entry from a sequence number on
select seq, time from queue where seq >= ? order by seq limit 1;

-- prune: forget the order of entries that every reader has
delete from queue where seq between ? and ?;

-- clear_queue: before everything is queued anew
delete from queue;

-- requeue_obs: all readings
insert into queue(kind, id, time, n) select 0, channel, time, n from obs;

-- requeue_wave: all pieces
insert into queue(kind, id, time, n) select 1, id, time, n from wave order by time;

-- requeue_condition: all changes
insert into queue(kind, id, time, n) select 2, id, time, n from condition order by id;

-- requeue_identity: all identities
insert into queue(kind, id, time, n) select 3, id, time, n from identity order by id;

-- batch_end: the sequence number at an offset after one
select seq from queue where seq > ? and seq <= ? order by seq limit 1 offset ?;

-- batch_obs: queued readings between two sequence numbers
select q.seq, q.id, q.time, q.n, o.value, o.text, o.quality, o.demo
from queue as q join obs as o on o.channel = q.id and o.time = q.time and o.n = q.n
where q.kind = 0 and q.seq > ? and q.seq <= ? order by q.seq;

-- batch_wave: queued pieces between two sequence numbers
select q.seq, w.channel, w.time, w.n, w.rate_hz, w.scale, w."offset", w.quality, w.demo, w.samples, w.enc, w.data
from queue as q join wave as w on w.id = q.id
where q.kind = 1 and q.seq > ? and q.seq <= ? order by q.seq;

-- batch_condition: queued changes between two sequence numbers
select q.seq, c.bed, c.device, c.source, c.time, c.n, c.type, c.priority, c.phase, c.code, c.text, c.device_priority,
  c.demo, c.device_time
from queue as q join condition as c on c.id = q.id
where q.kind = 2 and q.seq > ? and q.seq <= ? order by q.seq;

-- batch_identity: queued identities between two sequence numbers
select q.seq, i.bed, i.device, i.kind, i.time, i.n, i.body
from queue as q join identity as i on i.id = q.id
where q.kind = 3 and q.seq > ? and q.seq <= ? order by q.seq;

-- latest_since: last readings that arrived between two sequence numbers
select channel, time, value, text, quality, demo from latest where seq > ? and seq <= ?;

-- latest: last readings of a bed
select l.channel, l.time, l.value, l.text, l.quality, l.demo
from latest as l join channel as c on c.id = l.channel where c.bed = ? order by l.channel;

-- points: readings of a channel
select time, value, quality, demo from obs where channel = ? and time >= ? and time < ? order by time, n;

-- values: readings of a channel, whole
select time, value, text, quality, demo from obs where channel = ? and time >= ? and time < ? order by time, n;

-- minutes: minutes of channels
select channel, minute, last, low, high, count, questionable, demo
from minute where minute >= ? and minute < ? and channel in (select value from json_each(?)) order by minute;

-- waves: pieces of a channel
select time, rate_hz, scale, "offset", quality, demo, samples, enc, data
from wave where channel = ? and time >= ? and time < ? order by time, n;

-- conditions: changes at a bed
select bed, device, source, time, n, type, priority, phase, code, text, device_priority, demo, device_time
from condition where bed = ? and time >= ? and time < ? order by id;
