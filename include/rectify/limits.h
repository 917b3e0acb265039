/* limits.h - every bound of the system, in one place.
 *
 * Each queue, loop, message and table is bounded by a name in this file; docs/PROTOCOL.md cites the ones
 * that a client meets.  Sizes are in bytes unless the name says otherwise.
 */
#ifndef RECTIFY_LIMITS_H
#define RECTIFY_LIMITS_H

/* The wire. */
#define WIRE_VERSION 1
#define WIRE_FRAME_BYTES_MAX (4 * 1024 * 1024)      /* ZMQ_MAXMSGSIZE; larger frames cut the connection */
#define WIRE_FRAMES_MAX 3                         /* routing id, optional empty delimiter, envelope */
#define WIRE_UNPACK_BYTES_MAX (16 * 1024 * 1024) /* arena for one decoded envelope */
#define WIRE_ID_BYTES 16                          /* request ids and idempotency keys (UUIDv7, RFC 9562) */
#define WIRE_ROUTING_BYTES_MAX 16                 /* generated routing ids are 5 bytes */
#define WIRE_SUBMIT_MAX 500                       /* findings in one request */
#define WIRE_ACT_MAX 500                          /* commands in one request */
#define WIRE_PAGE_MAX 500                         /* rows in one page of a query */
#define WIRE_PAGE_BYTES_MAX (768 * 1024)          /* a page ends early when it would grow beyond this */
#define FORECAST_STEPS_MAX 32                     /* rungs foretold in one answer */
#define STORY_EVENTS_MAX 4096                     /* events of a case that one explanation reads */
#define SEARCH_WORDS_MAX 8                         /* of one search, each of at most CODE_BYTES_MAX bytes */
#define SEARCH_TAIL_MAX 2000                      /* newest findings that a search reads itself while they are not indexed yet */
#define SEARCH_INDEX_MAX 50                       /* findings that are indexed in one go, while the daemon has nothing else to do */
#define WIRE_CURSOR_BYTES_MAX 64                  /* what a page hands out to ask for the next one */
#define WIRE_HWM 4                                /* ZMQ_RCVHWM of the daemon's socket: messages read ahead per client */
#define WIRE_SEND_HWM 128                         /* ZMQ_SNDHWM: more than a client may have unanswered */
#define WIRE_LARGE_BYTES (16 * 1024)              /* answers from this size on are counted until they are sent: */
#define WIRE_LARGE_CLIENT_BYTES_MAX (4 * 1024 * 1024) /* of one client; one answer is always taken */
#define WIRE_LARGE_SUM_BYTES_MAX (128 * 1024 * 1024) /* of all */
#define WATCHERS_MAX 256                          /* concurrent watches */
#define WATCH_LEASE_SECONDS 60                    /* a watch not renewed for so long is dropped */

/* One officer, over all connections. */
#define IDENTITY_ITEMS_PER_SECOND 20000           /* findings and commands handed in, unless the operator sets less */
#define IDENTITY_REQUESTS_MAX 256                 /* requests that wait to be judged */
#define IDENTITY_WATCHES_MAX 32
#define IDENTITY_REFUSALS_MAX 200                 /* refusals on record one by one before they are only counted, */
#define IDENTITY_REFUSALS_PER_HOUR 200            /* and how fast that comes back */

/* Texts of the domain. */
#define CODE_BYTES_MAX 63                         /* unit, officer, code section, category, inspection */
#define NAME_BYTES_MAX 255                        /* names and titles */
#define TEXT_BYTES_MAX (16 * 1024)                /* a finding's or a comment's text */
#define EVIDENCE_MAX 16                           /* pieces of evidence in one command */
#define CONTENT_CHUNK_BYTES (256 * 1024)          /* a file of evidence travels and is kept in parts of this size, */
#define CONTENT_CHUNKS_MAX 1024                   /* and has at most so many */
#define CONTENT_MIB_DEFAULT 32                    /* largest file, unless the operator says otherwise, */
#define CONTENT_MIB_MAX 256                       /* up to this */
#define CONTENT_DAY_MIB_DEFAULT 1024              /* files that one officer begins to upload in 24 hours, likewise, */
#define CONTENT_DAY_MIB_MAX 1048576
#define CONTENT_UPLOADS_MAX 64                    /* begun and not finished, of one officer */
#define CONTENT_JOBS_MAX 32                       /* parts that wait for the database */
#define CONTENT_JOBS_EACH_MAX 8                   /* ... of one officer */
#define CONTENT_CHECKS_MAX 4                      /* files that are being looked at as a whole */
#define CONTENT_KEEP_DAYS 7                       /* an upload that stands still, and a file that nobody hands in, go after so long */
#define SALT_BYTES 16
#define SIGNATURE_BYTES 64                        /* Ed25519 */
#define CLIENT_KEY_BYTES 32                       /* public key of CURVE (X25519) */
#define KEYS_MAX 100000                           /* ever registered, revoked ones too */

/* Documents: policy, calendar, registry, configuration, mapping. */
#define DOCUMENT_BYTES_MAX (3584 * 1024)         /* one published document; it must fit in one frame */
#define DOCUMENT_ERRORS_MAX 100                   /* reported in one pass, then "too many" */
#define ROUTES_MAX 64
#define LADDERS_MAX 32
#define RUNGS_MAX 16
#define CALENDAR_DAYS_MAX 2048
#define CALENDARS_MAX 16
#define ZONES_MAX 250                             /* ever named by a registry in force: fewer than REGISTRY_INHERIT */
#define ZONE_TRANSITIONS_MAX 512
#define UNITS_MAX 20000
#define OFFICERS_MAX 50000
#define APPOINTMENTS_MAX 200000
#define UNIT_DEPTH_MAX 16
#define POLICIES_MAX 2048                         /* versions; each stays in memory for the cases dated by it */
#define SUBSTITUTIONS_MAX 20000
#define SUBSTITUTION_CHAIN_MAX 8                  /* A by B, B by C, ... */
#define CO_UNITS_MAX 8                            /* named by one route */
#define CHILDREN_MAX 1000                         /* co-units' cases of one case that are open at one time */
#define SWEEP_MAX 200                             /* sibling units of one sweep */
#define FOLLOW_UPS_MAX (SWEEP_MAX + CO_UNITS_MAX + 40) /* commands of the daemon that follow from one event */
#define MEASURES_MAX 32                           /* of one plan */
#define WORKDAYS_MAX 4000                         /* largest limit or offset, in working days */
#define HOURS_MAX 9600                            /* largest limit or offset, in hours */
#define DAY_MIN 0                                 /* 1970-01-01 */
#define DAY_MAX 47846                             /* 2100-12-31 */

/* The core. */
#define CASE_CLOCKS_MAX 8                         /* clocks of one case at one time */
#define EVENT_NOTICES_MAX 12                      /* notices caused by one event */
#define EVENT_BODY_BYTES_MAX 4096                 /* packed record of one event */
#define STATE_BODY_BYTES_MAX 2048                 /* packed folded state of one case */

/* The pipeline. */
#define BATCH_EVENTS_MAX 500                      /* events of one commit: the knee of the measured curve */
#define RUNGS_BESIDE_REQUESTS 125                 /* of them rungs, when requests are in it: nobody waits for a whole storm */
#define REQUEST_EVENTS_MAX 14000                  /* events that one request may come to, all that can follow counted */
#define BATCH_WEIGHT_FULL 6000                    /* a batch whose requests may come to so many takes no more */
#define REVIEW_CASES_MAX 100                      /* cases reviewed in one batch after a publication */
#define LATE_MINUTES 10                           /* a rung that fires later than this makes up for an outage */
#define BATCH_REQUESTS_MAX 500                    /* envelopes answered by one commit */
#define BATCH_TEXT_BYTES_MAX (8 * 1024 * 1024)    /* free text of one commit */
#define READERS_KEPT_MAX 4096                     /* readers of restricted cases that are known to be on record */
#define QUERIES_MAX 64                            /* queries waiting for the reading connection */
#define QUERIES_PER_CLIENT_MAX 8                  /* of them, of one connection: nobody takes all places */
#define RETRY_AFTER_MSEC 500                      /* the hint in "try later" */

#define SAME_PROBLEM_COUNT_MAX 100                /* recurrences are counted up to here; more is this many */
#define SAME_KIND_COUNT_MAX 10                    /* likewise, and one more: whether it is exactly the threshold must show */
#define RECUR_DAY_MAX 100                         /* findings of one problem or kind that are remembered of one day: no bound is larger */
#define RECUR_EARLIER_DAYS 31                     /* before what a finding asks for: one found earlier need not ask again */
#define RECUR_BYTES_MAX (64 * 1024 * 1024)        /* of all that is remembered of them; beyond it, they are read anew */
#define RECENT_KEYS_MAX (128 * 1024)              /* keys recorded lately that are remembered, 32 bytes each; a power of two */
#define UUID_V7_END 4                             /* first byte of a UUIDv7 of the year 2109, beyond all calendars; sql/load_numbers.sql */

/* Letters. */
#define WIRE_POST_MAX 256                         /* letters, or reports, in one request */
#define LEASE_LETTERS_MAX 32                      /* handed out by one lease: with all their texts they fit into one frame */
#define LEASE_SECONDS_MAX 3600
#define LETTER_NOTICES_MAX 256                    /* notices in one letter */
#define LETTER_POST_NOTICES_MAX 4096              /* notices of all letters of one request */
#define LETTER_CHANNEL_BYTES_MAX 31
#define LETTER_LANGUAGE_BYTES_MAX 15
#define LETTER_SUBJECT_BYTES_MAX 1000
#define LETTER_BODY_BYTES_MAX (48 * 1024)         /* plain text */
#define LETTER_HTML_BYTES_MAX (64 * 1024)
#define LETTER_ANSWER_BYTES_MAX 1000              /* what a server said to one attempt */
#define LETTER_FAILURES_MAX 100                   /* passing failures, after which a letter is given up, */
#define LETTER_ATTEMPTS_MAX 1000                  /* attempts of any kind, */
#define LETTER_HOURS_MAX 72                       /* and hours since the first passing failure */
#define LETTER_RETRY_DAYS_MAX 31                  /* nothing is put off for longer */
#define LETTER_ATTEMPTS_SHOWN 100                 /* attempts of one letter that a query tells, the last ones */
#define LETTER_JOBS_MAX 64                        /* requests of couriers that wait for the database */
#define DEAD_LETTERS_MAX 32                       /* letters given up whose cases are told in one batch */

#define COSIGNATURE_BYTES_MAX 300                 /* a witness's line */
#define COSIGNS_MAX 16                            /* that wait for the database */
#define SEAL_MSEC_MAX 500                         /* a receipt waits so long for its head's signature, then it leaves without: less than clients wait */
#define SEAL_LEAVES_MAX 1000000                   /* leaves that were not signed yet and are kept in memory */

/* The Merkle log. */
#define HASH_BYTES 32
#define TILE_HASHES 256                           /* C2SP tlog-tiles: a full tile is 256 hashes */
#define FRONTIER_MAX 64
#define MERKLE_PROOF_MAX 65                       /* hashes of one proof: a path and the older tree's last part */

#endif
