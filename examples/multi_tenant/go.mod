module engram.example/multi-tenant

go 1.22
