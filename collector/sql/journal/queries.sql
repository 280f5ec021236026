-- meta: the journal's id and its counters
select id, duplicates, different from meta;

-- readable: whether a newer schema has this view
select 1 from sqlite_master where type = 'view' and name = ?;

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

-- put_seen: the present run goes on
update life set seen = ? where number = (select max(number) from life);

-- seen: when the runs before the present one were last known to go on
select max(seen) from life where number < (select max(number) from life);

-- last_times: times of the last entries
select time from queue order by seq desc limit ?;

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

-- mapped_channels: those that have been given a code since, with it
select id, bed, device, code, source, role, site, unit from read_channel
where code <> 'MDC_UNMAPPED' and id in (select id from channel where code = 'MDC_UNMAPPED');

-- mapping: lines of the site's dictionary
select device, source, code, unit from mapping;

-- map: what a signal is that has no code
insert into mapping(device, source, code, unit) values (?, ?, ?, ?)
on conflict (device, source) do update set code = excluded.code, unit = excluded.unit;

-- unmapped: signals that have no code, with their last reading or wave (time in µs)
select c.bed, c.device, c.source, c.role, c.unit, coalesce(cast(l.value as text), l.text),
  coalesce(l.time, (select max(w.time) from wave as w where w.channel = c.id))
from read_channel as c left join latest as l on l.channel = c.id
where c.code = 'MDC_UNMAPPED' order by c.device, c.source, c.bed, c.role;

-- new_channel: returns its id
insert into channel(bed, device, code, source, role, site, unit) values (?, ?, ?, ?, ?, ?, ?) returning id;

-- newest_obs: the last time of a channel's readings
select max(time) from obs where channel = ?;

-- newest_wave: the last time of a channel's pieces
select max(time) from wave where channel = ?;

-- same_obs: what a channel already has at a time
select value, text, quality, demo, n from obs where channel = ? and time = ? order by n;

-- same_wave: what a channel already has at a time
select rate_hz, scale, "offset", quality, demo, samples, enc, data, n
from wave where channel = ? and time = ? order by n;

-- same_condition: what a condition already has at a time
select type, priority, phase, code, text, device_priority, demo, device_time, n
from condition where bed = ? and device = ? and source = ? and time = ? order by n;

-- same_identity: what a device already said at a time
select body, n from identity where bed = ? and device = ? and kind = ? and time = ? order by n;

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

-- kept: how many entries there are, nearly: conditions that stand for long are few, and far behind the others
select coalesce(max(seq) - (select seq from queue where kind <> 2 order by seq limit 1) + 1, 0) from queue;

-- going_all: the first entries of a run
select seq, kind, id, time, n from queue where seq between ? and ? order by seq limit ?;

-- going_settled: its first entries, but for how conditions stand: the last change of one goes only as an end, and last
select seq, kind, id, time, n from queue as q
where seq between ? and ? and not (kind = 2 and exists (
  select 1 from condition as last where id = q.id
  and not exists (
    select 1 from condition as c
    where c.bed = last.bed and c.device = last.device and c.source = last.source and c.id > last.id
  )
  and (phase <> 'end' or exists (
    select 1 from condition as c
    where c.bed = last.bed and c.device = last.device and c.source = last.source and c.id < last.id
  ))
))
order by seq limit ?;

-- going_waves: its first pieces
select seq, kind, id, time, n from queue where kind = 1 and seq between ? and ? order by seq limit ?;

-- going_values: its first readings, but those of some channels
select seq, kind, id, time, n from queue
where kind = 0 and seq between ? and ? and id not in (select value from json_each(?)) order by seq limit ?;

-- piece_size: channel and samples of a piece
select channel, samples from wave where id = ?;

-- put_sacrificed: entries of a channel that were given up
insert into sacrificed(kind, channel, entries, samples, first, last) values (?, ?, ?, ?, ?, ?)
on conflict (kind, channel) do update set entries = entries + excluded.entries, samples = samples + excluded.samples,
  first = min(first, excluded.first), last = max(last, excluded.last);

-- sacrificed: what was given up
select kind, channel, entries, samples, first, last from sacrificed order by kind, channel;

-- forget_obs: a reading
delete from obs where channel = ? and time = ? and n = ?;

-- forget_1: a piece
delete from wave where id = ?;

-- forget_2: a change
delete from condition where id = ?;

-- forget_3: an identity
delete from identity where id = ?;

-- forget_queued: an entry's place in the order
delete from queue where seq = ?;

-- forget_minutes: those of a channel before its oldest reading
delete from minute where channel = ?1
  and minute < coalesce((select min(time) from obs where channel = ?1), 9223372036854775807) / 60000000 * 60000000;

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

-- batch_wave: queued pieces between two sequence numbers; data are bytes even where they are damaged
select q.seq, w.channel, w.time, w.n, w.rate_hz, w.scale, w."offset", w.quality, w.demo, w.samples, w.enc,
  cast(w.data as blob)
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

-- latest_since: last readings that arrived between two sequence numbers, in that order
select channel, time, value, text, quality, demo from latest where seq > ? and seq <= ? order by seq;

-- latest: last readings of a bed
select l.channel, l.time, l.value, l.text, l.quality, l.demo
from latest as l join channel as c on c.id = l.channel where c.bed = ? order by l.channel;

-- last_measured: the last reading of a channel that has a value
select time, value, text, quality, demo from obs
where channel = ? and (value is not null or text is not null) order by time desc, n desc limit 1;

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

-- identities: what devices at a bed said of themselves and of their patient
select bed, device, kind, time, n, body from identity
where bed = ? and time >= ? and time < ? order by time, device, kind, n;

-- last_conditions: the last change of each condition at a bed
select bed, device, source, time, n, type, priority, phase, code, text, device_priority, demo, device_time
from condition where id in (select max(id) from condition where bed = ? group by device, source) order by id;

-- last_changes: the last change before a time of each condition at a bed
select bed, device, source, time, n, type, priority, phase, code, text, device_priority, demo, device_time
from condition where id in (select max(id) from condition where bed = ? and time < ? group by device, source)
order by time, id;

-- span: times of a channel's readings between which to look
select min(time), max(time) from obs where channel = ?;

-- span_ever: the same of those between two times
select min(time), max(time) from obs where channel = ? and typeof(time) = 'integer' and time >= ? and time < ?;

-- span_after: the first time of a channel's readings from one on
select min(time) from obs where channel = ? and time >= ?;

-- queued_span: the same by the order, where the table cannot be read
select min(time), max(time) from queue where kind = 0;

-- last_1: the greatest number of a piece
select max(id) from wave;

-- last_2: of a change
select max(id) from condition;

-- last_3: of an identity
select max(id) from identity;

-- queued_last: the same by the order, where the table cannot be read
select max(id) from queue where kind = ?;

-- some_1: pieces
select channel, time, rate_hz, scale, "offset", quality, demo, samples, enc, data
from wave where id >= ? and id < ? order by id;

-- some_2: changes
select bed, device, source, time, n, type, priority, phase, code, text, device_priority, demo, device_time
from condition where id >= ? and id < ? order by id;

-- some_3: identities
select bed, device, kind, time, n, body from identity where id >= ? and id < ? order by id;

-- check: whether the file is sound, in at most so many words
pragma integrity_check(20);

-- extent_obs: how many readings, from when to when
select count(*), min(time), max(time) from obs;

-- extent_wave: how many pieces
select count(*), min(time), max(time) from wave;

-- extent_condition: how many changes
select count(*), min(time), max(time) from condition;

-- extent_identity: how many identities
select count(*), min(time), max(time) from identity;

-- orphans: readings without a place in the order
select count(*) from (select channel, time, n from obs except select id, time, n from queue where kind = 0);
