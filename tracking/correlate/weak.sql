-- What no id ties: candidates by network id, Message-ID and envelope, between legs that led nowhere and stays that came from nowhere.
create or replace temp table c_open as
select l.n, l.k, l.rc, l.ac, l.event, l.time, l.next_host, l.next_ip, s.server, s.software, s.m, s.message_id, s.network_id, s.plain_sender, s.size_bytes, s.own_ip, s.hop_id, s.arrived_at
from c_leg l join c_stay s on s.k = l.k
where l.event in ('send', 'redirect', 'deliver') and (l.event <> 'redirect' or s.software <> 'exchange')
    and not exists (from c_step onward where onward.k = l.k and onward.via_rc = l.rc and l.event = 'redirect')
    and not exists (from c_link where c_link.n = l.n);
create or replace temp table c_orphan as
select * from c_stay s where is_hop and not is_origin and not exists (from c_link where c_link.next_k = s.k)
    and not exists (from c_report where c_report.next_k = s.k);

create or replace temp table c_crowded as
select m as name from c_stay where m is not null group by m having count(*) > crowd()
union select network_id from c_stay where network_id is not null group by network_id having count(*) > crowd()
union select name from c_crowds;

-- by envelope only where one of both has no Message-ID: asked for in two parts, or all of a busy sender's mail would be held against itself
create or replace temp table c_alike as
with heard as materialized (select distinct k, ac from c_address),
nameless as materialized (select r.*, x.ac from c_orphan r join heard x on x.k = r.k where r.m is null)
select o.k, r.k as next_k, 'envelope' as how, o.n from c_open o join heard x on x.ac = o.ac
    join c_orphan r on r.k = x.k and r.k <> o.k and r.plain_sender = o.plain_sender and r.arrived_at between o.time - interval 2 minutes and o.time + interval 2 minutes
where o.m is null
union all
select o.k, r.k, 'envelope', o.n from c_open o join nameless r on r.ac = o.ac and r.plain_sender = o.plain_sender and r.k <> o.k
    and r.arrived_at between o.time - interval 2 minutes and o.time + interval 2 minutes
where o.m is not null;

create or replace temp table c_pair as
select o.*, r.k as next_k, r.server as next_server, r.hop_id as next_hop_id, r.client_host, r.client_ip, r.own_ip as next_own_ip, r.software as next_software, r.user_name as next_user,
    seconds_between(o.arrived_at, r.arrived_at) as later,
    coalesce(r.message_id = o.message_id, false) as exact, coalesce(abs(r.size_bytes - o.size_bytes) <= greatest(o.size_bytes * 0.1, 5120), true) as same_size,
    seconds_between(o.time, r.arrived_at) as lag, w.how
from (select o.k, r.k as next_k, 'network-id' as how, o.n from c_open o join c_orphan r on r.network_id = o.network_id and r.k <> o.k
          where o.network_id not in (from c_crowded)
      union all select o.k, r.k, 'message-id', o.n from c_open o join c_orphan r on r.m = o.m and r.k <> o.k
          where o.m not in (from c_crowded) and (o.network_id is distinct from r.network_id or o.network_id is null)
      union all select * from c_alike) w
join c_open o on o.n = w.n join c_orphan r on r.k = w.next_k;

create or replace temp table c_likely as
with met as (
    select p.*, same_recipient.k is not null as same_recipient, abs(lag) as apart,
        case when is_here(next_host) then next_server = server else same_host(next_host, next_server) or coalesce(next_ip = next_own_ip, false) end as talked_to,
        case when coalesce(client_host, client_ip) is not null and is_here(client_host) and is_here(client_ip) then next_server = server
             else coalesce(same_host(client_host, server), false) or coalesce(client_ip = own_ip, false) end as came_from,
        client_host is not null or client_ip is not null as knows_client
    from c_pair p left join (select distinct k, ac from c_address where k in (select next_k from c_pair)) same_recipient on same_recipient.k = p.next_k and same_recipient.ac = p.ac
    where lag between -300 and 3600 and (next_server <> server or later >= 0)), -- one clock tells before from after
fitting as (
    select *, talked_to or came_from as fits,
        not talked_to and not came_from and (next_host is not null or knows_client) as strange from met
    where event <> 'deliver' or (next_server = server and same_recipient and next_software <> software and software <> 'dovecot' and not knows_client))
select n, k, next_k, hop_id, next_hop_id, apart, exact, next_server = server as one_clock,
    case when how = 'network-id' then 'network-id' when how = 'envelope' then 'envelope' when same_recipient and fits then 'message-id+client' else 'message-id' end as rule,
    case when how = 'network-id' then 0.95 when how = 'envelope' then 0.3 when same_recipient and fits then guessed()
         when strange then through_a_gap() else 0.7 end as confidence
from fitting
where case when how = 'network-id' then same_recipient or not exists (from c_leg x where x.k = next_k)
           when how = 'envelope' then same_size and (fits or next_host is null)
           when strange then same_recipient and event <> 'deliver' and next_server <> server and next_user is null else same_recipient or (same_size and fits) end;

-- where the stays that may have led somewhere came from themselves, to be followed up to the entrance
create or replace temp table c_before as select distinct next_k, k from c_link;
create or replace temp table c_entrance as select distinct k, k as root from c_likely;
