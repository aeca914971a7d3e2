-- OpenJobs: the jobs that somebody has to look at, the oldest first.
-- Answers: ok, ids
return {'ok', redis.call('ZRANGEBYSCORE', K.jobs, '-inf', now)}
