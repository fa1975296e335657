-- The whole of recall, in one function.
select * from engram_recall(
    %(space_id)s, %(vector)s::halfvec, %(text)s, %(memory)s, %(semantic)s, %(lexical)s, %(tiers)s::text[], %(filters)s::jsonb,
    %(limit)s, %(depth)s, %(threshold)s::double precision, %(pool)s, %(ef_search)s, %(sample)s, %(budget)s, %(lexical_weight)s::double precision,
    %(decay)s::double precision, %(fan_out)s, %(frontier)s, %(bias)s::double precision, %(sharpness)s::double precision,
    %(context)s::double precision, %(since)s::timestamptz, %(until)s::timestamptz, %(timely)s::double precision)
