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
with found as materialized (
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
        coalesce(same_host(client_host, here), false) or coalesce(client_ip = here_ip, false) as came_from,
        next_server = here and not is_here(next_host) as hairpin, -- it went elsewhere: an id of this very host is a lie
        coalesce(client_host <> 'unknown' and not is_numeric_host(client_host), false) as names_client
    from found),
sure as (
    select *, case when talked_to and not other_m then 1.0 when talked_to then contradicted()
                   when other_m then 0.0
                   when named and rule in ('internal-id', 'lmtp-session') and (same_m or came_from) then 1.0
                   when hairpin then 0.0
                   when came_from and (same_m or coalesce(same_sender, false)) then guessed()
                   when same_m then if(names_client, 0.7, guessed()) -- who named another client may have sent it again
                   else 0.0 end as confidence
    from weighed where apart < case when same_m then 129600 else 3600 end)
select k, n, next_k, rule, confidence, exact, same_m::int * 4 + coalesce(same_sender, false)::int * 2 + came_from::int as fit, apart, next_hop_id from sure where confidence > 0;

-- Who says where it came from: the stay that bore that id on that host at that time, through a filter if need be.
create or replace temp table c_from as
with passed as ( -- a filter's line names both ids: what it let through came from what it was given
    select i.claim as claim, coalesce(i.claim_host, i.server) as claim_host, o.claim as name, o.server as server, 'filter-id' as rule, o.time
    from c_other_claim i join c_other_claim o on i.k = o.k and i.way = 'in' and o.way = 'out' where not i.is_hop),
found as materialized (select a.k, p.rule, p.claim, p.claim_host, p.time, p.server from passed p join c_alias a on a.name = p.name),
through as (
    select f.k, f.rule, f.claim, f.claim_host, f.time from found f join c_stay s on s.k = f.k
    where s.is_hop and s.server = f.server and abs(seconds_between(s.arrived_at, f.time)) < 3600),
heard as (
    select k, rule, claim, claim_host, time from c_other_claim where way = 'in' and is_hop
    union all select * from through),
named as materialized (select h.*, a.k as prev_k, a.name from heard h join c_alias a on a.name = h.claim and a.k <> h.k),
met as materialized (
    select n.*, l.hop_id, l.is_hop, n.name = l.id as exact, l.server as prev_server, l.arrived_at as since, l.last as until, r.server, r.arrived_at,
        r.hop_id as next_hop_id from named n join c_stay l on l.k = n.prev_k join c_stay r on r.k = n.k)
select prev_k as k, k as next_k, rule, coalesce(c_rules.confidence, guessed()) as confidence, exact,
    abs(seconds_between(arrived_at, until)) as apart, next_hop_id, hop_id
from met left join c_rules on c_rules.name = met.rule
where is_hop and (case when is_here(claim_host) then prev_server = server else same_host(claim_host, prev_server) end or rule = 'mapi-event')
    and arrived_at > since - interval 1 hour and arrived_at < until + interval 5 days;

-- Reports: tied to what they report on, but no part of its way.
create or replace temp table c_report as
with named as materialized (
    select c.*, a.k as next_k from c_other_claim c join c_alias a on a.name = c.claim and a.k <> c.k where c.way = 'out' and c.is_hop),
found as (
    select c.k, next_k, c.claim, c.rule, c.time, abs(seconds_between(c.time, r.arrived_at)) as apart, r.hop_id
    from named c join c_stay r on r.k = c.next_k
    where r.is_hop and case when is_here(c.claim_host) then r.server = c.server else same_host(c.claim_host, r.server) end
        and abs(seconds_between(c.time, r.arrived_at)) < 3600)
select k, rule, claim, min(time) as time, arg_min(next_k, (apart, hop_id)) as next_k from found group by k, rule, claim;

-- Filters: part of what they name, so that they are read again with it.
create or replace temp table c_filtered as
with named as materialized (
    select c.*, a.k as next_k from c_other_claim c join c_alias a on a.name = c.claim and a.k <> c.k where not c.is_hop)
select distinct c.k, c.next_k from named c join c_stay s on s.k = c.next_k
where s.server = c.server and abs(seconds_between(c.time, s.arrived_at)) < 432000;
