-- Defines a percentile of latency for the API, exports, cards, operations and benchmarks.
set local role mirante_owner;

-- Versions before 0.2 called it; it failed on the highest bin.
drop function if exists private.latency_of(smallint);

-- The estimate of a bin of private.latency_bin(): 2 g^i / (g + 1) with g = 1.04, within (g - 1) / (g + 1) = 1.97 % of every
-- duration in the bin (DDSketch; Masson, Rim, Lee, VLDB 2019). Computed as an exponential of a sum, because g^i alone overflows
-- before the estimate does. The bins at both ends of the double precision range return the number at that end, where exp() raises
-- an error. Not strict, so that PostgreSQL can inline it into the calling query.
create or replace function private.latency_estimate(bin smallint) returns double precision
    language sql immutable parallel safe
    as $$
    select case
        when bin = -32768 then 0
        when bin > 18097 then 1.7976931348623157e308
        when bin < -18980 then 5e-324
        else exp(bin * ln(1.04::double precision) + ln(2 / 2.04::double precision))
    end
$$;

-- Whether a bin reaches a percentile by nearest rank: `reached` of `total` events are in it or in a lower one. The percentile is
-- the estimate of the first bin that does. All numbers are whole, and exact as doubles up to 2^53.
create or replace function private.reaches_percentile(reached double precision, total double precision, percentile double precision) returns boolean
    language sql immutable parallel safe
    as $$
    select reached >= ceil(total * percentile / 100)
$$;

revoke all on function private.latency_estimate, private.reaches_percentile from public;
grant execute on function private.latency_estimate, private.reaches_percentile to mirante_views, mirante_api;

reset role;
