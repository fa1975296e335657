-- Drop an index over a space's vectors while everybody goes on reading and writing.
drop index concurrently if exists {index}
