-- Build the index over a space's vectors in a tier while everybody goes on reading and writing.
create index concurrently {index} on {leaf}
using hnsw ((vector::halfvec({dimension})) halfvec_cosine_ops) where space_id = {space_id}
