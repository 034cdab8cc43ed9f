-- hops, legs -> per pair of servers and hour: by how much the right one's clock is ahead of the left one's, at least and at most.
-- Who took a message began before the other was told so, and after the other had it: each link bounds the difference from both sides.
-- A stamp may be up to its uncertainty later than it says. The 2nd percentile instead of the extreme: one false link must not decide.
create or replace temp table c_bounds as
with pairs as (
    select l.server as left_server, r.server as right_server, time_bucket(interval 1 hour, r.arrived_at) as hour,
        seconds_between(g.time, r.arrived_at) - coalesce(l.uncertainty_seconds, 0) as least,
        seconds_between(l.arrived_at, r.arrived_at) + coalesce(r.uncertainty_seconds, 0) as most
    from legs g join hops l on l.hop_id = g.hop_id join hops r on r.hop_id = g.next_hop
    where g.confidence >= 0.95 and g.event <> 'dsn' and l.server <> r.server and ($since is null or r.arrived_at >= $since) and hash(g.hop_id) % $one_in = 0)
select left_server, right_server, hour, quantile_disc(least, 0.98) as least, quantile_disc(most, 0.02) as most, count(*) as n
from pairs where least is not null group by left_server, right_server, hour order by left_server, right_server, hour;
