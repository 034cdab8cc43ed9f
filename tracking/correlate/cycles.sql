-- No circles: among strong links one that leads back in time is followed upwards; among the others each that no id proves.
create or replace temp table c_before as select distinct next_k, k from c_link;
create or replace temp table c_suspect as
with tied as (select next_k, k, min(confidence) < 0.95 as guessed from c_link group by next_k, k)
select t.next_k as start, t.k as here, t.guessed, r.arrived_at <= l.arrived_at as backward
from tied t join c_stay l on l.k = t.k join c_stay r on r.k = t.next_k;
