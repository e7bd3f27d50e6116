-- Who is counted together. A published value counts whole blocks, and each block has at least k + 1 members, two more than
-- any k - 1 tenants that act together: whatever they compare, over cohorts or over time, two members of a block could swap
-- places and nothing published would change. docs/benchmarks.md explains why that is enough. Nothing here may depend on
-- anybody's values.
set local role mirante_owner;

-- The keyed hash of a unit, with the platform's benchmark secret.
create or replace function private.benchmark_member(unit text) returns bytea
    language sql stable
    set search_path = pg_catalog, pg_temp
    as $$
    select private.hmac(s.inner_pad, s.outer_pad, unit) from private.benchmark_secrets s
$$;

create or replace function private.make_benchmark_secret() returns void
    language sql
    set search_path = pg_catalog, pg_temp
    as $$
    insert into private.benchmark_secrets (inner_pad, outer_pad)
    select p.random[1] || p.random[2], p.random[3] || p.random[4]
    from (select array_agg(sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()))) as random from generate_series(1, 4)) p
    where not exists (select from private.benchmark_secrets)
$$;

-- Splits a block with absent members if both parts are large enough: the absent members plus some that wait with them, and the
-- rest, who can be counted. The order of hashes decides who waits, so it is the same each time.
create or replace function private.part_benchmark_blocks(of_metric text, k integer, present bytea[]) returns void
    language sql
    set search_path = pg_catalog, pg_temp
    as $$
    with placed as (
        select p.member, p.block, count(*) over b as size, count(c.member) over b as here,
            row_number() over (partition by p.block order by c.member is not null, p.member) as place
        from private.benchmark_panels p left join unnest(present) c (member) on c.member = p.member
        where p.metric = of_metric
        window b as (partition by p.block)
    ), parted as materialized (
        select block, greatest(size - here, k + 1) as left_out, gen_random_uuid() as rest
        from placed
        where here < size and size - greatest(size - here, k + 1) > k
        group by block, size, here
    )
    update private.benchmark_panels p set block = parted.rest
    from placed join parted on parted.block = placed.block
    where p.metric = of_metric and p.member = placed.member and placed.place > parted.left_out
$$;

-- Members without a block form new ones, more than k at a time, of one cohort if it has enough; the others wait. The first block
-- of a cohort may have exactly k members, and then stays coarse.
create or replace function private.form_benchmark_blocks(of_metric text, k integer, present bytea[], cohorts text[]) returns void
    language sql
    set search_path = pg_catalog, pg_temp
    as $$
    with known as materialized (
        select distinct cohort from private.benchmark_panels where metric = of_metric
    ), joining as (
        select c.member, c.cohort, count(*) over (partition by c.cohort) as size
        from unnest(present, cohorts) c (member, cohort)
        where not exists (select from private.benchmark_panels p where p.metric = of_metric and p.member = c.member)
    ), labelled as (
        select member, case when size > k or (size = k and not exists (select from known where known.cohort = j.cohort)) then cohort end as cohort
        from joining j
    ), formed as materialized (
        select cohort, count(*) as size, gen_random_uuid() as block
        from labelled l
        group by cohort
        having count(*) > k
            or (count(*) = k and not exists (select from known where known.cohort is not distinct from l.cohort))
    )
    insert into private.benchmark_panels (metric, member, block, cohort, coarse)
    select of_metric, l.member, f.block, f.cohort, f.size = k
    from labelled l join formed f on f.cohort is not distinct from l.cohort
$$;

-- The members of complete blocks that are large enough. A block may have been formed under another k.
create or replace function private.whole_benchmark_blocks(of_metric text, k integer, present bytea[]) returns table (
    member bytea, cohort text, coarse boolean
)
    language sql stable
    set search_path = pg_catalog, pg_temp
    as $$
    select p.member, p.cohort, p.coarse
    from (
        select p.*, count(*) over b as size, count(c.member) over b as here
        from private.benchmark_panels p left join unnest(present) c (member) on c.member = p.member
        where p.metric = of_metric
        window b as (partition by p.block)
    ) p
    where p.here = p.size and (p.size > k or (p.coarse and p.size = k))
$$;

revoke all on function private.benchmark_member, private.make_benchmark_secret, private.part_benchmark_blocks, private.form_benchmark_blocks,
    private.whole_benchmark_blocks from public;

reset role;
