"""Cases: what the desk hands to counsellors, and how they have it.

Start at `bot.cases.counsel.Cases`, which everything a counsellor does goes
through; `Cases(desk, base, queue, mask)` is made once a process.

| to | call |
|---|---|
| list the queue, filtered | `await cases.queue(me, QueueFilter(...), language)` |
| open a case, with everything | `await cases.open(case_id, me, language)` (logged) |
| go on reading it live | `await cases.messages(case_id, me, after)`, `cases.follow()` |
| take | `await cases.take(case_id, me)`; of two at once one gets `Taken` |
| write to the person | `await cases.write(case_id, me, text, language=..., key=...)` |
| insert a record, in their language | `await cases.insert_record(case_id, me, service, item)` |
| keep an internal note | `await cases.note(case_id, me, text)` |
| correct a fact | `await cases.correct(case_id, me, fact, value)` (a wire value) |
| show a masked number | `await cases.reveal(case_id, me, message_id)` (logged) |
| hand to a colleague | `await cases.transfer(case_id, me, to, note)` |
| put back into the queue | `await cases.release(case_id, me, note, seen=...)` |
| hand back to the desk | `await cases.hand_back(case_id, me, settled, seen=...)` |
| close, reopen | `await cases.close(case_id, me, outcome, seen=...)`, `cases.reopen(case_id, me)` |
| read the audit log | `await cases.audit(case=..., actor=..., before=...)` |

`me` is a `Counsellor`.  `seen` is the last message the page showed: what the
person wrote after it goes to the desk, which answers it.  `key` makes a form
sent twice one message.  Errors are in `bot.cases.ownership`: NoSuchCase,
NotAllowed, Taken, NotYours, NotOpen; ValueError for a value that is none.
"""
