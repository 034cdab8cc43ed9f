-- c_keys: all by which later events may prove to belong with a stay; more than enough, never too few (`touched`).
create or replace temp table c_keys as
with named as (
    select k, number_of(concat_ws('|', 'series', server, software, coalesce(instance, ''), id)) as key from c_stay
    union all select k, number_of('id ' || name) from c_alias
    union all select k, number_of('id ' || case when rule = 'lmtp-session' then split_part(claim, ':', 1) else claim end) from c_leg where claim is not null
    union all select k, number_of('id ' || claim) from c_other_claim
    union all select k, number_of('message ' || m) from c_stay where m is not null
    union all select k, number_of('network ' || network_id) from c_stay where network_id is not null
    union all select g.k, number_of('to ' || g.ac) from c_leg g join c_stay s on s.k = g.k where s.m is null)
select k, list_sort(list(distinct key)) as keys from named group by k;
