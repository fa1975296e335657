-- Let no statement of the rest of this transaction run longer than this.
select set_config('statement_timeout', %(milliseconds)s::text, true)
