-- Leave: whoever waited for a sender waits no more. The next one looks, in case the bell rang for us.
-- H: token, bell
leave_queue(H.token)
wake()
return {'ok'}
