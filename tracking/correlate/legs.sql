-- events -> c_leg: how each recipient's copy ended in each stay. A later word beats an earlier, a final one a passing one.
create or replace temp view c_said as
select k, recipient, related_recipient as related, event, time, said, status, lower(next_host) as next_host, next_ip, delays,
    link_rule, link_id, lower(link_host) as link_host, link_way, begins, file_id, line,
    software = 'exchange' as inside -- its redirections go on in the same stay
from c_own where recipient is not null;

-- A group that was expanded, an address that was redirected: the event names the new one, and the old one ends here.
create or replace temp view c_told as
select k, recipient, case when lower(related) <> lower(recipient) then related end as via,
    case when event in ('expand', 'redirect') and lower(related) <> lower(recipient) then if(inside, 'inward', 'onward-' || event)
         else event end as event, time, said, status, next_host, next_ip, delays, link_rule, link_id, link_host, link_way, begins, file_id, line
from c_said
union all
select k, related, null, event, time, said, status, null, null, null, null, null, null, null, begins, file_id, line
from c_said where event in ('expand', 'redirect') and lower(related) <> lower(recipient);

create or replace temp table c_leg as
with grouped as (
    select t.k, lower(recipient) as rc, min(recipient) as recipient, min(via) as via,
        arg_max(struct_pack(
            time := time, event := c_ranks.leg, said := said, status := status, next_host := next_host, next_ip := next_ip, delays := delays,
            rule := case when link_way = 'out' then link_rule end, claim := case when link_way = 'out' then link_id end, claim_host := link_host),
            -- of equal rank the later; of the same instant always the same one
            weight(c_ranks.rank, time, hash(said, status, next_host, link_id))) filter (
                c_ranks.rank > 0 and not (t.event = 'submit' and coalesce(begins, false))) as best,
        list(struct_pack(file_id := file_id, line := line)) as lines
    from c_told t left join c_ranks on c_ranks.event = t.event group by t.k, rc)
select row_number() over () as n, g.k, rc, recipient, plain_address(recipient) as ac, via, lower(via) as via_rc, best.event as event, best.time as time,
    best.said as said, best.status as status, best.next_host as next_host, best.next_ip as next_ip, best.delays as delays,
    best.rule as rule, best.claim as claim, best.claim_host as claim_host, g.lines, false as assumed
from grouped g join c_stay s on s.k = g.k and s.is_hop;

-- which address stands for which other one in a stay, to be followed back to the one that came in
create or replace temp table c_step as select k, rc, via, via_rc from c_leg where via_rc is not null;

-- all addresses under which a stay knows its recipients
create or replace temp view c_address as select k, ac from c_leg union all select k, plain_address(via) from c_step;

-- An address that only stands for another one here is no leg of its own.
delete from c_leg where event is null and (k, rc) in (select (k, via_rc) from c_leg where via_rc is not null);
