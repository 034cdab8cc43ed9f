-- No cycles: a link that leads back in time is followed upwards; whoever meets himself was led there by a lie.
create or replace temp table c_before as select distinct next_k, k from c_link;
create or replace temp table c_upward as
with met as materialized (
    select b.next_k as start, b.k as here, l.arrived_at as before, r.arrived_at as after
    from c_before b join c_stay l on l.k = b.k join c_stay r on r.k = b.next_k)
select start, here from met where after <= before;
