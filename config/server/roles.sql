-- The logins of charting and dashboards, with the passwords of the secrets. Run again it changes passwords only.
\set ON_ERROR_STOP on
\set charting `cat /run/secrets/charting-password`
\set grafana `cat /run/secrets/grafana-database-password`

select format('create role %I login', name) from (values ('charting'), ('grafana')) as wanted (name)
where not exists (select from pg_roles where rolname = name) \gexec

alter role charting password :'charting';
alter role grafana password :'grafana' connection limit 10;
grant vitalsd_chart, vitalsd_read, pg_read_all_stats to charting;
grant vitalsd_read, pg_read_all_stats to grafana;

create extension if not exists pg_stat_statements;
