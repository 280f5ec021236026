-- How long the store keeps values and waves. For ever, unless a person has said otherwise with `vitalsd migrate`;
-- conditions and identities always. dropped_before: up to where the last finished run has dropped.
create table vitalsd.retention(
  kind text primary key check (kind in ('values', 'waves')),
  days integer check (days > 0),
  dropped_before timestamptz
);
insert into vitalsd.retention(kind) values ('values'), ('waves');

-- What has been dropped: of a table everything before cutoff, in so many chunks or rows, of which the oldest was from
-- "first"; by whom, from when to when.
create table vitalsd.dropped(
  relation text not null, cutoff timestamptz not null, first timestamptz not null,
  amount bigint not null, unit text not null check (unit in ('chunks', 'rows')),
  by text not null, began timestamptz not null default now(), ended timestamptz not null default now(),
  primary key (relation, cutoff)
);

-- Drop a slice of what is older than a person wants kept, and return what it was; nothing: there is no more before the
-- next day, or somebody else is at it. The day is that of the server's clock or of the newest reading, whichever is
-- earlier: no single wrong clock makes a record old. A slice is short, and never waits long for those who read, because
-- live data of the caller wait for it.
create function vitalsd.drop_old()
returns table(relation text, cutoff timestamptz, first timestamptz, amount bigint, unit text)
language plpgsql security definer set search_path = pg_catalog, pg_temp set lock_timeout = '500ms'
as $$
declare
  chunks_at_once constant integer := 8;
  rows_at_once constant integer := 10000;
  policy record;
  part record;
  slice timestamptz;
  more boolean;
begin
  for policy in select * from vitalsd.retention where days is not null order by kind for update skip locked loop
    select date_trunc('day', least(now(), max(l.time)) - make_interval(hours => 24 * policy.days), 'UTC')
    from vitalsd.latest as l having count(*) > 0 into cutoff;
    continue when cutoff is null or cutoff <= policy.dropped_before;
    more := false;
    for part in
      select p.name, p.clock from (
        values ('values', 'obs', 'time'), ('values', 'minute', 'minute'), ('waves', 'wave', 'time')
      ) as p(kind, name, clock) where p.kind = policy.kind
    loop
      relation := part.name;
      if vitalsd.is_hypertable(relation) then
        unit := 'chunks';
        execute 'select max(range_end), min(range_start), count(*) from ('
          ' select range_start, range_end from timescaledb_information.chunks'
          ' where hypertable_schema = ''vitalsd'' and hypertable_name = $1 and range_end <= $2'
          ' order by range_end limit $3) as oldest'
          into slice, first, amount using relation, cutoff, chunks_at_once;
        if amount > 0 then
          execute format('select count(*) from %I.drop_chunks(%L, older_than => $1)',
            (select nspname from pg_namespace join pg_extension on extnamespace = pg_namespace.oid
             where extname = 'timescaledb'), 'vitalsd.' || relation) into amount using slice;
        end if;
      else
        unit := 'rows';
        execute format('with old as ('
          ' select r.ctid from vitalsd.channel as c, lateral (select ctid from vitalsd.%1$I as r'
          ' where r.channel = c.id and r.%2$I < $1 order by r.%2$I limit $2) as r limit $2'
          '), gone as (delete from vitalsd.%1$I where ctid = any(array(select ctid from old)) returning %2$I)'
          ' select min(%2$I), count(*) from gone', relation, part.clock)
          into first, amount using cutoff, rows_at_once;
      end if;
      if amount > 0 then
        more := true;
        insert into vitalsd.dropped as d values (relation, cutoff, first, amount, unit, session_user)
        on conflict on constraint dropped_pkey do update set first = least(d.first, excluded.first),
          amount = d.amount + excluded.amount, by = excluded.by, ended = excluded.ended;
        return next;
      end if;
    end loop;
    if not more then
      update vitalsd.retention as r set dropped_before = cutoff where r.kind = policy.kind;
    end if;
  end loop;
end $$;

create function vitalsd.is_hypertable(relation text) returns boolean language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare found boolean := false;
begin
  if to_regclass('timescaledb_information.hypertables') is not null then
    execute 'select exists (select from timescaledb_information.hypertables'
      ' where hypertable_schema = ''vitalsd'' and hypertable_name = $1)' into found using relation;
  end if;
  return found;
end $$;

-- The same as a job of the Community edition's scheduler.
create procedure vitalsd.drop_old_job(job_id integer, config jsonb) language plpgsql as $$
begin
  while exists (select from vitalsd.drop_old()) loop
    commit;
  end loop;
end $$;

revoke execute on function vitalsd.drop_old, vitalsd.is_hypertable from public;
revoke execute on procedure vitalsd.drop_old_job from public;
grant execute on function vitalsd.drop_old to vitalsd_bed;
grant usage on schema vitalsd to vitalsd_read;
grant select on vitalsd.retention, vitalsd.dropped to vitalsd_chart, vitalsd_read;
