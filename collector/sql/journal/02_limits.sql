-- The queue is the order of everything that is kept, delivered or not: what is forgotten goes by it. What an earlier
-- release delivered and took out of it comes back below 1, where every reader has everything.
insert into queue(seq, kind, id, time, n)
select -row_number() over (order by time desc), kind, id, time, n from (
  select * from (
    select 0 as kind, channel as id, time, n from obs except select kind, id, time, n from queue where kind = 0
  )
  union all
  select 1, w.id, w.time, w.n from wave as w where w.id not in (select id from queue where kind = 1)
  union all
  select 2, c.id, c.time, 0 from condition as c where c.id not in (select id from queue where kind = 2)
  union all
  select 3, i.id, i.time, 0 from identity as i where i.id not in (select id from queue where kind = 3)
);

-- Waves are given up before anything else.
create index queue_wave on queue(seq) where kind = 1;

-- Entries that were given up before every reader had them. kind as in queue; channel 0 for what has none.
create table sacrificed(
  kind integer not null, channel integer not null,
  entries integer not null, samples integer not null, first integer not null, last integer not null,
  primary key (kind, channel)
) without rowid;
