-- Roles of the whole server; the login of a person or a daemon is made a member of one of them. vitalsd_migrate owns the
-- tables, vitalsd_bed delivers, vitalsd_chart reads everything and keeps its own tables, vitalsd_read reads the views.
do $$
declare role text;
begin
  foreach role in array array['vitalsd_migrate', 'vitalsd_bed', 'vitalsd_chart', 'vitalsd_read'] loop
    if to_regrole(role) is null then
      begin
        execute format('create role %I', role);
      exception when duplicate_object or unique_violation then null;  -- another database's migration was faster
      end;
    end if;
  end loop;
  -- The jobs of the Community edition run as the tables' owner, whom it wants to be able to log in: without a password
  -- he cannot from outside.
  if current_setting('timescaledb.license', true) = 'timescale'
      and not (select rolcanlogin from pg_roles where rolname = 'vitalsd_migrate') then
    alter role vitalsd_migrate login;
  end if;
  -- From PostgreSQL 16 on whoever made a role is its member without becoming it.
  if not pg_has_role(
    'vitalsd_migrate', case when current_setting('server_version_num')::int < 160000 then 'member' else 'set' end
  ) then
    execute format('grant vitalsd_migrate to %I', current_user);
  end if;
  if not has_database_privilege('vitalsd_migrate', current_database(), 'create') then
    execute format('grant create on database %I to vitalsd_migrate', current_database());
  end if;
  if not has_schema_privilege('vitalsd_migrate', 'public', 'create') then
    grant usage, create on schema public to vitalsd_migrate;
  end if;
end $$;
