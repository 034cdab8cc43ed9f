-- c_leg's own claims and the others' -> c_edge: pairs of stays that an id ties together, each with its confidence.
create or replace temp table c_claim as
select k, n, case when rule = 'lmtp-session' then split_part(claim, ':', 1) else claim end as name, claim, rule, time, next_host, next_ip,
    claim_host, rc from c_leg where claim is not null;

-- of events that are no legs: reports written, filters, and whatever says where it came from (link_way in)
create or replace temp table c_other_claim as
select distinct e.k, e.link_rule as rule, e.link_id as claim, lower(e.link_host) as claim_host, e.link_way as way, e.time,
    s.server, s.is_hop
from c_own e join c_stay s using (k)
where link_id is not null and (link_way = 'in' or recipient is null or event = 'dsn' or not is_hop);

create or replace temp table c_edge as
with found as (
    select c.*, a.k as next_k, c.claim = r.id as exact, l.server as here, l.m as m, r.m as next_m, r.server as next_server,
        r.own_ip, r.client_host, r.client_ip, r.plain_sender = l.plain_sender as same_sender, l.own_ip as here_ip, r.hop_id as next_hop_id,
        abs(seconds_between(c.time, r.arrived_at)) as apart
    from c_claim c join c_alias a on a.name = c.name and a.k <> c.k
    join c_stay l on l.k = c.k join c_stay r on r.k = a.k and r.is_hop),
weighed as (
    select *, coalesce(m = next_m, false) as same_m, rule not in ('notification', 'forwarded-as') and coalesce(m <> next_m, false) as other_m,
        case when is_here(next_host) or rule in ('notification', 'forwarded-as') then next_server = here
             else same_host(next_host, next_server) or coalesce(next_ip = own_ip, false) end as talked_to,
        coalesce(case when is_here(claim_host) then next_server = here else same_host(claim_host, next_server) end, false) as named,
        coalesce(same_host(client_host, here), false) or coalesce(client_ip = here_ip, false) as came_from
    from found),
sure as (
    select *, case when talked_to and not other_m then 1.0 when talked_to then contradicted()
                   when other_m then 0.0
                   when named and rule in ('internal-id', 'lmtp-session') and (same_m or came_from) then 1.0
                   when same_m or came_from or (same_sender and apart < 600 and next_m is null) then guessed()
                   else 0.0 end as confidence
    from weighed where apart < case when same_m then 129600 else 3600 end)
select k, n, next_k, rule, confidence, exact, apart, next_hop_id from sure where confidence > 0;

-- Who says where it came from: the stay that bore that id on that host at that time, through a filter if need be.
create or replace temp table c_from as
with passed as ( -- a filter's line names both ids: what it let through came from what it was given
    select i.claim as claim, i.server as claim_host, o.claim as name, o.server as server, 'filter-id' as rule, o.time
    from c_other_claim i join c_other_claim o on i.k = o.k and i.way = 'in' and o.way = 'out' where not i.is_hop),
through as (
    select a.k, p.rule, p.claim, p.claim_host, p.time from passed p join c_alias a on a.name = p.name
    join c_stay s on s.k = a.k and s.is_hop and s.server = p.server and abs(seconds_between(s.arrived_at, p.time)) < 3600),
heard as (
    select k, rule, claim, claim_host, time from c_other_claim where way = 'in' and is_hop
    union all select * from through)
select l.k, h.k as next_k, h.rule, coalesce(c_rules.confidence, guessed()) as confidence, a.name = l.id as exact,
    abs(seconds_between(r.arrived_at, l.last)) as apart, r.hop_id as next_hop_id, l.hop_id as hop_id
from heard h join c_alias a on a.name = h.claim and a.k <> h.k join c_stay l on l.k = a.k and l.is_hop join c_stay r on r.k = h.k
left join c_rules on c_rules.name = h.rule
where (case when is_here(h.claim_host) then l.server = r.server else same_host(h.claim_host, l.server) end or h.rule = 'mapi-event')
    and r.arrived_at > l.arrived_at - interval 1 hour and r.arrived_at < l.last + interval 5 days;

-- Reports: tied to what they report on, but no part of its way.
create or replace temp table c_report as
with found as (
    select c.k, a.k as next_k, c.claim, c.rule, c.time, abs(seconds_between(c.time, r.arrived_at)) as apart, r.hop_id
    from c_other_claim c join c_alias a on a.name = c.claim and a.k <> c.k join c_stay r on r.k = a.k and r.is_hop
    where c.way = 'out' and c.is_hop and case when is_here(c.claim_host) then r.server = c.server else same_host(c.claim_host, r.server) end
        and abs(seconds_between(c.time, r.arrived_at)) < 3600)
select k, rule, claim, min(time) as time, arg_min(next_k, (apart, hop_id)) as next_k from found group by k, rule, claim;

-- Filters: part of what they name, so that they are read again with it.
create or replace temp table c_filtered as
select distinct c.k, a.k as next_k from c_other_claim c join c_alias a on a.name = c.claim and a.k <> c.k
join c_stay s on s.k = a.k and s.server = c.server and abs(seconds_between(c.time, s.arrived_at)) < 432000 where not c.is_hop;
