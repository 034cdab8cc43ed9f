-- c_part: which stays are recomputed together: all that a shared Message-ID, network id or any candidate link ties.
create or replace temp table c_label as
with numbered as (select k, number_of(hop_id) as own, case when m not in (from c_crowded) then m end as m from c_stay)
select k, case when m is null then own else min(own) over (partition by m) end as label from numbered;

create or replace temp table c_bond as
with pairs as (
    select k, next_k from c_edge union all select k, next_k from c_from union all select k, next_k from c_report
    union all select k, next_k from c_candidate union all select k, next_k from c_filtered
    union all select k, min(k) over (partition by network_id) from c_stay where network_id is not null and network_id not in (from c_crowded)),
labelled as (select distinct a.label as a, b.label as b from pairs p join c_label a on a.k = p.k join c_label b on b.k = p.next_k where a.label <> b.label)
select a, b from labelled union select b, a from labelled;
create or replace temp table c_group as select distinct a as label, a as part from c_bond;
