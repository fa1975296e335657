-- Build the index over a space's vectors in a tier while everybody goes on reading and writing. Links are chosen from 200
-- candidates and not pgvector's 64, with which vectors in clusters far off are not found at 100,000.
create index concurrently {index} on {leaf}
using hnsw ((vector::halfvec({dimension})) halfvec_cosine_ops) with (ef_construction = 200) where space_id = {space_id}
