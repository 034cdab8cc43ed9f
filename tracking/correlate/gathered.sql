-- fresh and all events of the touched components -> gathered. $since and $until let a reader of files leave most of them out.
create or replace temp table gathered as
with old as materialized (
    select e.*, coalesce(internal_message_id, known_as, network_id, message_id) as c_sid, instance_of(instance) as c_instance,
        coalesce(server, '') as c_server from events e where time between $since and $until or time is null)
select * from fresh
union all
select old.* exclude (c_sid, c_instance, c_server) from old semi join c_raw r on c_server = r.server and old.software = r.software
    and c_instance = r.instance and c_sid = r.id and (old.time between r.first_at and r.last_at or old.time is null)
