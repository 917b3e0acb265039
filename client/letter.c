/* letter.c - a courier's four questions to the daemon; each is one request, and its answer's body. */
#include <string.h>

#include "client/internal.h"

static int ask(struct rectify *rectify, Rectify__V1__Request *request, Rectify__V1__Reply__BodyCase wanted, int timeout_msec,
               const Rectify__V1__Reply **reply) {
  int rc = rectify_ask(rectify, request, timeout_msec, reply);
  if (rc != RECTIFY_OK) return rc;
  return (*reply)->body_case == wanted ? RECTIFY_OK : RECTIFY_PROTOCOL;
}

int rectify_unposted(struct rectify *rectify, const ProtobufCBinaryData *cursor, int timeout_msec, const Rectify__V1__Page **page) {
  Rectify__V1__Request request = RECTIFY__V1__REQUEST__INIT;
  Rectify__V1__Query query = RECTIFY__V1__QUERY__INIT;
  Rectify__V1__UnpostedQuery unposted = RECTIFY__V1__UNPOSTED_QUERY__INIT;
  const Rectify__V1__Reply *reply;
  if (cursor != NULL) query.cursor = *cursor;
  query.what_case = RECTIFY__V1__QUERY__WHAT_UNPOSTED;
  query.unposted = &unposted;
  request.body_case = RECTIFY__V1__REQUEST__BODY_QUERY;
  request.query = &query;
  int rc = ask(rectify, &request, RECTIFY__V1__REPLY__BODY_PAGE, timeout_msec, &reply);
  if (rc == RECTIFY_OK) *page = reply->page;
  return rc;
}

int rectify_post(struct rectify *rectify, Rectify__V1__Letter **letters, size_t count, uint64_t size, int timeout_msec,
                 const Rectify__V1__LetterOutcomes **outcomes) {
  Rectify__V1__Request request = RECTIFY__V1__REQUEST__INIT;
  Rectify__V1__Post post = RECTIFY__V1__POST__INIT;
  const Rectify__V1__Reply *reply;
  post.n_letters = count;
  post.letters = letters;
  post.size = size;
  request.body_case = RECTIFY__V1__REQUEST__BODY_POST;
  request.post = &post;
  int rc = ask(rectify, &request, RECTIFY__V1__REPLY__BODY_LETTERS, timeout_msec, &reply);
  if (rc == RECTIFY_OK) *outcomes = reply->letters;
  return rc;
}

int rectify_lease(struct rectify *rectify, const char *channel, uint32_t count, uint32_t seconds, int timeout_msec,
                  const Rectify__V1__Leased **leased) {
  Rectify__V1__Request request = RECTIFY__V1__REQUEST__INIT;
  Rectify__V1__Lease lease = RECTIFY__V1__LEASE__INIT;
  const Rectify__V1__Reply *reply;
  lease.count = count;
  lease.seconds = seconds;
  if (channel != NULL) lease.channel = (ProtobufCBinaryData){strlen(channel), (uint8_t *)(uintptr_t)channel};
  request.body_case = RECTIFY__V1__REQUEST__BODY_LEASE;
  request.lease = &lease;
  int rc = ask(rectify, &request, RECTIFY__V1__REPLY__BODY_LEASED, timeout_msec, &reply);
  if (rc == RECTIFY_OK) *leased = reply->leased;
  return rc;
}

int rectify_report(struct rectify *rectify, Rectify__V1__LetterReport **reports, size_t count, int timeout_msec,
                   const Rectify__V1__LetterOutcomes **outcomes) {
  Rectify__V1__Request request = RECTIFY__V1__REQUEST__INIT;
  Rectify__V1__Report report = RECTIFY__V1__REPORT__INIT;
  const Rectify__V1__Reply *reply;
  report.n_reports = count;
  report.reports = reports;
  request.body_case = RECTIFY__V1__REQUEST__BODY_REPORT;
  request.report = &report;
  int rc = ask(rectify, &request, RECTIFY__V1__REPLY__BODY_LETTERS, timeout_msec, &reply);
  if (rc == RECTIFY_OK) *outcomes = reply->letters;
  return rc;
}
