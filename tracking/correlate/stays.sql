-- events -> c_stay: one row per stay of a message in a server. An id means nothing without its host and its time.
-- A host named in short and in full is one host, if the short form fits one full name alone.
create or replace temp table c_names as
with seen as (select distinct server as name from events where server is not null union select name from c_known),
whole as (
    select label_of(name) as label, count(*) as n, min(name) as name from seen
    where contains(name, '.') and not is_numeric_host(name) group by 1)
select seen.name, case when whole.n = 1 and not contains(seen.name, '.') then whole.name else seen.name end as canonical
from seen left join whole on whole.label = seen.name;

-- Shadow copies (HA*) and connections are no stays. h names server, software, instance and id; several messages may have borne it.
create or replace temp view c_event as
select e.*, coalesce(c_names.canonical, '') as host, coalesce(internal_message_id, known_as, network_id, message_id) as sid,
    hash(host, software, instance_of(instance), sid) as h
from events e left join c_names on c_names.name = e.server
where sid is not null and event not in ('connect', 'disconnect', 'login', 'login-failed')
    and not (software = 'exchange' and original is not null and original[1:2] = 'HA');

create or replace temp table c_reused as
select h from c_event group by h
having max(time) filter (begins) > min(time) filter (begins) or max(time) > min(time) + interval 5 days
    or max(time) > min(time) filter (ends) + interval 60 seconds or max(time) filter (begins) > min(time) filter (ends)
    or (max(time) filter (begins) = min(time) filter (ends) and count(*) filter (begins) > 1) -- begun and ended within one stamp is usual
    or min(message_id) <> max(message_id) or max(time) filter (message_id is not null) > min(time) filter (ends) + interval 1 second;

-- A new generation begins at: a gap of 5 days; a first line after an end, or a minute after another first line, or with another Message-ID;
-- another Message-ID after an end (reports have no first line of their own); a minute after the end. A first line
-- that comes up to a second late is still the first: lines of several daemons are out of order.
create or replace temp table c_generation as
with ordered as (
    select distinct file_id, line, part, h, time, coalesce(begins, false) as begins, coalesce(ends, false) as ends, plain_id(message_id) as m
    from c_event where h in (select h from c_reused)),
placed as (
    select *, row_number() over each as place, last_value(m ignore nulls) over (each rows between unbounded preceding and 1 preceding) as m_before
    from ordered window each as (partition by h order by case when begins then time - interval 1 second else time end, file_id, line, part)),
known as (
    select *, lag(time) over each as before, begins or (m is not null and m is distinct from m_before) as first, coalesce(m <> m_before, false) as renamed,
        max(case when begins or m is not null and m is distinct from m_before then time end) over earlier as began,
        coalesce(max(case when begins or m is not null and m is distinct from m_before then place end) over earlier, 0) as began_place,
        max(case when ends then time end) over earlier as ended, coalesce(max(case when ends then place end) over earlier, 0) as ended_place
    from placed window each as (partition by h order by place),
        earlier as (partition by h order by place rows between unbounded preceding and 1 preceding)),
judged as (
    select *, coalesce(time > before + interval 5 days, false)
        or (first and ended_place > began_place and (begins or time > ended + interval 1 second)) or (begins and renamed)
        or (begins and coalesce(coalesce(began, before) < time - interval 60 seconds, false))
        or (not first and ended_place > began_place and ended < time - interval 60 seconds and before <= ended + interval 60 seconds) as fresh
    from known)
select file_id, line, part, hash(h, sum(fresh::int) over (partition by h order by place)) as k from judged;

create or replace temp view c_own as
select e.*, coalesce(g.k, e.h) as k from c_event e left join c_generation g on g.file_id = e.file_id and g.line = e.line and g.part = e.part;

create or replace temp table c_stay as
select k, any_value(host) as server, min(server_group) as server_group, any_value(software) as software, -- k means one host, software, id
    any_value(nullif(instance_of(instance), '')) as instance, any_value(sid) as id, min(message_id) as message_id, plain_id(min(message_id)) as m, min(network_id) as network_id,
    min(sender) as sender, plain_address(min(sender)) as plain_sender, max(bytes) as size_bytes, min(subject) as subject,
    min(client_ip) filter (begins or event in ('receive', 'submit')) as client_ip,
    lower(min(client_host) filter (begins or event in ('receive', 'submit'))) as client_host,
    min(server_ip) filter (begins or event = 'receive') as own_ip, min(user_name) as user_name,
    coalesce(min(coalesce(arrived_at, time)) filter (begins), min(arrived_at), min(time)) as arrived_at,
    min(time) as first, max(time) as last, max(uncertainty_seconds) as uncertainty_seconds, coalesce(bool_or(ends), false) as ended,
    coalesce(bool_or(event = 'submit' and internal_message_id is null), false) as is_origin, -- a mailbox's own outbox: nothing comes before it
    bool_or(event not in ('agent', 'other', 'error')) and any_value(software) not in (select name from c_filters) as is_hop,
    list(struct_pack(file_id := file_id, line := line)) filter (recipient is null) as lines,
    digest(concat_ws('|', any_value(host), any_value(software), any_value(nullif(instance_of(instance), '')), any_value(sid), min(time))) as hop_id
from c_own group by k;

-- lives that began in the same second
update c_stay set hop_id = digest(hop_id || '|' || place) from (
    select k as twin, row_number() over (partition by hop_id order by k) as place from c_stay where k in (select k from c_generation)) where twin = k and place > 1;

-- every id by which others may claim a stay; a Dovecot session without its :T and :R
create or replace temp table c_alias as
select case when software = 'dovecot' then split_part(id, ':', 1) else id end as name, k from c_stay
union select case when software = 'dovecot' then split_part(known_as, ':', 1) else known_as end, k from c_own where known_as is not null;
