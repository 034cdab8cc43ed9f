-- fresh, and the lake's views hops and events -> c_touched (part_of), c_known, c_crowds, gathered.
create or replace temp table c_known as select distinct server as name from hops where server is not null;
create or replace temp table c_new_label as
select distinct label_of(server) as label from fresh where server is not null and server not in (select name from c_known);
create or replace temp table c_names as
with seen as (select distinct server as name from fresh where server is not null union select name from c_known),
whole as (
    select label_of(name) as label, count(*) as n, min(name) as name from seen
    where contains(name, '.') and not is_numeric_host(name) group by 1)
select seen.name, case when whole.n = 1 and not contains(seen.name, '.') then whole.name else seen.name end as canonical
from seen left join whole on whole.label = seen.name;

create or replace temp table c_fresh as (
    select f.*, coalesce(n.canonical, '') as host, coalesce(internal_message_id, known_as, network_id, message_id) as sid, plain_id(message_id) as m
    from fresh f left join c_names n on n.name = f.server where event not in ('connect', 'disconnect', 'login', 'login-failed'));
-- (one list, not a union: DuckDB 2.0.0 fails to bind a union of computed columns that are all NULL)
create or replace temp table c_asked as
with known as (
    select unnest([
        concat_ws('|', 'series', host, software, instance_of(instance), sid),
        'id ' || case when software = 'dovecot' then split_part(sid, ':', 1) else sid end,
        'id ' || case when software = 'dovecot' then split_part(known_as, ':', 1) else known_as end,
        'id ' || case when link_rule = 'lmtp-session' then split_part(link_id, ':', 1) else link_id end,
        'message ' || m, 'network ' || network_id, 'to ' || plain_address(recipient)]) as text
    from c_fresh where sid is not null)
select distinct text[1:7] = 'series|' as own, number_of(text) as key from known where text is not null;

create or replace temp table c_held as
select hop_id, part_of, unnest(keys) as key from hops where exists (select 1 from c_asked);
create or replace temp table c_crowd_keys as
select key from c_held where key in (
    select number_of('message ' || plain_id(message_id)) from hops where message_id is not null
    union select number_of('network ' || network_id) from hops where network_id is not null) group by key having count(*) > crowd();
-- what fresh lines go on with brings its own keys along
create or replace temp table c_extended as
select distinct h.hop_id from c_held h join c_asked a on a.key = h.key and a.own;
insert into c_asked select distinct false, h.key from c_held h join c_extended e on e.hop_id = h.hop_id;

create or replace temp table c_touched as
select distinct part_of from c_held where key in (select key from c_asked) and key not in (from c_crowd_keys)
union select part_of from hops where label_of(server) in (from c_new_label);
create or replace temp table c_old as
select h.* from hops h where h.part_of in (from c_touched);
create or replace temp table c_crowds as
select distinct plain_id(message_id) as name from c_old where number_of('message ' || plain_id(message_id)) in (from c_crowd_keys)
union select plain_id(message_id) from fresh where number_of('message ' || plain_id(message_id)) in (from c_crowd_keys)
union select network_id from c_old where number_of('network ' || network_id) in (from c_crowd_keys)
union select network_id from fresh where number_of('network ' || network_id) in (from c_crowd_keys);

create or replace temp table c_raw as
select h.software, coalesce(h.instance, '') as instance, h.id, h.first_at, h.last_at, n.name as server
from c_old h join (select name, canonical from c_names union select name, name from c_names union select canonical, canonical from c_names
    union select label_of(canonical), canonical from c_names) n on n.canonical = h.server;
