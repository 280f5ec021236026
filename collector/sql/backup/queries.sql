-- settings: texts of rows are the same on every server, and no limit of the server ends a long copy
select set_config('timezone', 'UTC', false), set_config('datestyle', 'ISO', false),
  set_config('intervalstyle', 'postgres', false), set_config('extra_float_digits', '1', false),
  set_config('bytea_output', 'hex', false), set_config('lock_timeout', '60s', false),
  set_config('statement_timeout', '0', false), set_config('idle_in_transaction_session_timeout', '0', false);

-- hold_migrations: none while a copy is made, so that no bed waits behind one that waits for the copy
select pg_advisory_lock_shared(7654321);

-- size: of the database, in bytes
select pg_database_size(current_database());

-- tables: all that are not a server's or an extension's own
select n.nspname, c.relname from pg_class as c join pg_namespace as n on n.oid = c.relnamespace
where c.relkind in ('r', 'p', 'm') and not c.relispartition
  and n.nspname !~ '^(pg_|_?timescaledb_|information_schema$)'
  and not exists (select from pg_depend where classid = 'pg_class'::regclass and objid = c.oid and deptype = 'e')
order by 1, 2;

-- lock: tables and their chunks stay as they are while they are read
lock table {} in access share mode;

-- snapshot: for whoever shall see the same
select pg_export_snapshot();

-- checksum: how many rows a table has, and the sum of their hashes, in whatever order they come
select /* maintenance */ count(*), coalesce(sum(hashtextextended(r::text, 0)), 0) from {} as r;

-- encoding: of the database's texts
select pg_encoding_to_char(encoding) from pg_database where datname = current_database();

-- extensions: in the database
select extname, extversion from pg_extension where extname <> 'plpgsql' order by 1;

-- available: extensions that the server has, with all versions
select name, array_agg(version) from pg_available_extension_versions group by 1;

-- roles: whoever may do something here, and whoever is a member of vitalsd's own, each with such groups
with concerned as (
  select r.oid, r.rolname from pg_roles as r
  where r.rolname in ('vitalsd_migrate', 'vitalsd_bed', 'vitalsd_chart', 'vitalsd_read')
    or exists (
      select from pg_shdepend as d join pg_database as b on b.oid = d.dbid
      where b.datname = current_database() and d.refclassid = 'pg_authid'::regclass and d.refobjid = r.oid
    )
), member as (
  select m.member, g.rolname from pg_auth_members as m join concerned as g on g.oid = m.roleid
)
select r.rolname, coalesce(array_agg(distinct m.rolname) filter (where m.rolname is not null), '{}')
from pg_roles as r left join member as m on m.member = r.oid
where (r.oid in (select oid from concerned) or m.member is not null) and not r.rolsuper and r.rolname !~ '^pg_'
group by 1 order by 1;

-- schemas: whether there is a series store, and a charting
select to_regclass('vitalsd.migration') is not null, to_regclass('charting.alembic_version') is not null;

-- store: its newest migration
select max(name) from vitalsd.migration;

-- charting: its newest revision
select max(version_num) from charting.alembic_version;

-- superuser: whether the login is one
select rolsuper from pg_roles where rolname = current_user;

-- occupied: something that stands in a database beside extensions
select name from (
  select format('schema %I', nspname), oid, 'pg_namespace'::regclass from pg_namespace where nspname <> 'public'
  union all
  select format('%I.%I', n.nspname, c.relname), c.oid, 'pg_class'::regclass
  from pg_class as c join pg_namespace as n on n.oid = c.relnamespace where n.nspname = 'public'
  union all
  select format('%I.%I()', n.nspname, p.proname), p.oid, 'pg_proc'::regclass
  from pg_proc as p join pg_namespace as n on n.oid = p.pronamespace where n.nspname = 'public'
) as thing(name, oid, class)
where name !~ '^schema (pg_|information_schema$)'
  and not exists (select from pg_depend as d where d.classid = class and d.objid = thing.oid and deptype = 'e')
order by 1 limit 1;

-- make_role: one that the backup names; it cannot log in until it is given a password and the right
create role {};

-- make_member: of a group
grant {} to {};

-- known: roles of the server
select rolname from pg_roles;

-- make_extension: in the version that the backup has
create extension if not exists {} version {};

-- begin_restore: TimescaleDB keeps still
select timescaledb_pre_restore();

-- end_restore: TimescaleDB goes on
select timescaledb_post_restore();

-- hold_scratch: one at a time makes a scratch database, and begins to use it
select pg_advisory_lock(7654322);

-- scratch: an empty database
create database {} template template0;

-- drop: a scratch database
drop database if exists {} with (force);

-- left: scratch databases that nobody uses any more
select datname from pg_database as d where starts_with(datname, %s)
  and not exists (select from pg_stat_activity as a where a.datid = d.oid and a.backend_type = 'client backend');

-- data_folder: where the server keeps its files, for those who may know
select current_setting('data_directory', true);

-- mark: whose a SQLite file is
pragma application_id;

-- begin_file: reads of one state of it
begin;

-- whole_file: a copy needs no other file beside it
pragma journal_mode = delete;

-- check_file: what SQLite finds wrong
pragma integrity_check;

-- file_tables: all but SQLite's own
select name from sqlite_master where type = 'table' and name not like 'sqlite\_%' escape '\' order by 1;

-- file_rows: of a table
select * from "{}";

-- file_journal: how many migrations a journal has had
select cast(user_version as text) from pragma_user_version;

-- file_charting: the newest revision of the charting
select version_num from alembic_version;
