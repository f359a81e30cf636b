/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "prg-leaderboard.h"
#include "prg-codec.h"
#include "prg-error.h"

#include <glib/gi18n-lib.h>

#define META_LEADERBOARD "leaderboard"
#define FRESH_US (60 * G_USEC_PER_SEC)
#define PAGE 200
/* A server that is only slow gets so long before the last answer is given. */
#define PATIENCE_MS 15000

struct _PrgLeaderboard {
  PrgSession *session; /* (owned) */
  GPtrArray *fetches;  /* (owned) (element-type Fetch) under way: one for each engine */
};

/* One fetch, page by page, and who waits for it. */
typedef struct {
  PrgLeaderboard *leaderboard;
  PrgEngine *engine;  /* (owned) */
  PrgBoard *board;    /* (owned) */
  GPtrArray *waiters; /* (owned) (element-type GTask) */
  GSource *patience;  /* (owned) (nullable) */
} Fetch;

static void
fetch_free(Fetch *self)
{
  prg_timer_clear(&self->patience);
  g_object_unref(self->engine);
  prg_board_free(self->board);
  g_ptr_array_unref(self->waiters);
  g_free(self);
}

PrgLeaderboard *
prg_leaderboard_new(PrgSession *session)
{
  PrgLeaderboard *self = g_new0(PrgLeaderboard, 1);

  self->session = g_object_ref(session);
  self->fetches = g_ptr_array_new_with_free_func((GDestroyNotify)fetch_free);
  return self;
}

void
prg_leaderboard_free(PrgLeaderboard *self)
{
  if (self == NULL)
    return;
  g_ptr_array_unref(self->fetches);
  g_object_unref(self->session);
  g_free(self);
}

/* The last answer, as old as it may be. (transfer full) (nullable) */
static PrgBoard *
load(PrgEngine *engine)
{
  const char *text = prg_book_get_meta(prg_engine_get_book(engine), META_LEADERBOARD);

  return text ? prg_codec_board_from_json(text) : NULL;
}

static gboolean
is_fresh(PrgEngine *engine, const PrgBoard *board)
{
  gint64 age = prg_engine_get_moment(engine)->now - board->as_of;

  return age >= 0 && age < FRESH_US;
}

/* The server could not be asked, or did not get to an answer of its own. */
static gboolean
is_unasked(const GError *error)
{
  static const PrgError codes[] = { PRG_ERROR_OFFLINE,        PRG_ERROR_RATE_LIMITED,
                                    PRG_ERROR_SERVER_ERROR,   PRG_ERROR_NOT_SIGNED_IN,
                                    PRG_ERROR_KEYRING_LOCKED, PRG_ERROR_KEYRING_UNAVAILABLE };

  for (guint i = 0; i < G_N_ELEMENTS(codes); i++)
    if (g_error_matches(error, PRG_ERROR, (gint)codes[i]))
      return TRUE;
  return FALSE;
}

/* @board: (transfer full) (nullable); @error: (nullable) */
static void
answer(GTask *task, PrgBoard *board, const GError *error)
{
  if (board)
    g_task_return_pointer(task, board, (GDestroyNotify)prg_board_free);
  else
    g_task_return_error(task, g_error_copy(error));
}

/* @error: (nullable) */
static void
answer_waiters(Fetch *self, const PrgBoard *board, const GError *error)
{
  g_autoptr(GPtrArray) waiters = g_steal_pointer(&self->waiters);

  self->waiters = g_ptr_array_new_with_free_func(g_object_unref);
  for (guint i = 0; i < waiters->len; i++)
    answer(g_ptr_array_index(waiters, i), board ? prg_board_copy(board) : NULL, error);
}

static void
fetch_end(Fetch *self)
{
  PrgJobs *jobs = prg_session_get_jobs(self->leaderboard->session);

  g_ptr_array_remove_fast(self->leaderboard->fetches, self);
  prg_jobs_end(jobs);
}

/* @error: (transfer full) */
static void
fetch_fail(Fetch *self, GError *error)
{
  g_autoptr(GError) owned = error;
  g_autoptr(PrgBoard) last = is_unasked(error) ? load(self->engine) : NULL;

  if (g_error_matches(error, PRG_ERROR, PRG_ERROR_PERMISSION_DENIED))
    g_prefix_error(&owned, _("The role of this key may not read the records of other reps: "));
  answer_waiters(self, last, owned);
  fetch_end(self);
}

static gboolean
on_patience_ended(gpointer user_data)
{
  Fetch *self = user_data;
  g_autoptr(PrgBoard) last = load(self->engine);

  if (last)
    answer_waiters(self, last, NULL);
  prg_timer_clear(&self->patience);
  return G_SOURCE_REMOVE;
}

static void
on_kept(GObject *source, GAsyncResult *result, gpointer user_data)
{
  Fetch *self = user_data;
  g_autoptr(GError) error = NULL;

  if (!prg_engine_commit_finish(PRG_ENGINE(source), result, &error))
    g_warning("The leaderboard could not be stored: %s", error->message);
  answer_waiters(self, self->board, NULL);
  fetch_end(self);
}

static void
keep(Fetch *self)
{
  g_autoptr(GPtrArray) changes = prg_changes_new();
  g_autofree char *text = prg_codec_board_to_json(self->board);

  prg_changes_meta(changes, META_LEADERBOARD, text);
  prg_engine_commit_async(self->engine, changes, NULL, on_kept, self);
}

static void
take_page(Fetch *self, PrgAnswer *page)
{
  if (self->board->as_of == 0)
    self->board->as_of = prg_engine_get_moment(self->engine)->now;
  g_ptr_array_extend_and_steal(self->board->records, g_steal_pointer(&page->records));
}

/* A field that the role may not see is null for everybody: then no rep has a total, not even the one whose total is known. */
static gboolean
is_hidden(Fetch *self)
{
  const PrgBase *base = prg_book_get_base(prg_engine_get_book(self->engine));

  return self->board->records->len == 0 && base->known && base->record->total_xp.known;
}

static void fetch_page(Fetch *self, const char *cursor);

static void
on_page(GObject *source, GAsyncResult *result, gpointer user_data)
{
  Fetch *self = user_data;
  GError *error = NULL;
  g_autoptr(PrgAnswer) page = prg_engine_look_up_finish(PRG_ENGINE(source), result, &error);

  if (page == NULL) {
    fetch_fail(self, error);
    return;
  }
  take_page(self, page);
  if (*page->next_cursor && self->board->records->len < PRG_BOARD_MAX)
    fetch_page(self, page->next_cursor);
  else if (is_hidden(self))
    fetch_fail(self,
               g_error_new_literal(PRG_ERROR, PRG_ERROR_PERMISSION_DENIED, _("no rep's total is shown")));
  else
    keep(self);
}

static void
fetch_page(Fetch *self, const char *cursor)
{
  PrgRequest *request = prg_request_new(PRG_REQUEST_BOARD);

  prg_record_set(&request->cursor, cursor);
  request->page = PAGE;
  prg_engine_look_up_async(self->engine, request,
                           prg_jobs_get_cancellable(prg_session_get_jobs(self->leaderboard->session)),
                           on_page, self);
}

static Fetch *
find_fetch(PrgLeaderboard *self, PrgEngine *engine)
{
  for (guint i = 0; i < self->fetches->len; i++) {
    Fetch *fetch = g_ptr_array_index(self->fetches, i);
    if (fetch->engine == engine)
      return fetch;
  }
  return NULL;
}

/* @task: (transfer full) */
static void
join_fetch(PrgLeaderboard *self, PrgEngine *engine, GTask *task)
{
  PrgJobs *jobs = prg_session_get_jobs(self->session);
  Fetch *fetch = find_fetch(self, engine);

  if (fetch) {
    g_ptr_array_add(fetch->waiters, task);
    return;
  }
  fetch = g_new0(Fetch, 1);
  fetch->leaderboard = self;
  fetch->engine = g_object_ref(engine);
  fetch->board = prg_board_new(0);
  fetch->waiters = g_ptr_array_new_with_free_func(g_object_unref);
  fetch->patience = prg_jobs_add_timer(jobs, PATIENCE_MS, on_patience_ended, fetch);
  g_ptr_array_add(fetch->waiters, task);
  g_ptr_array_add(self->fetches, fetch);
  prg_jobs_begin(jobs);
  fetch_page(fetch, "");
}

void
prg_leaderboard_get_async(PrgLeaderboard *self, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr(GTask) task = g_task_new(NULL, NULL, callback, user_data);
  g_autoptr(GError) error = NULL;
  PrgEngine *engine = prg_session_require_engine(self->session, &error);
  g_autoptr(PrgBoard) last = engine ? load(engine) : NULL;

  g_task_set_source_tag(task, prg_leaderboard_get_async);
  if (engine == NULL || (last && is_fresh(engine, last))) {
    answer(task, g_steal_pointer(&last), error);
  } else if (prg_session_require_twenty(self->session, &error) == NULL) {
    /* It may have been unlocked without a signal; the next attempt will know. */
    prg_session_check_keyring(self->session);
    answer(task, is_unasked(error) ? g_steal_pointer(&last) : NULL, error);
  } else {
    join_fetch(self, engine, g_steal_pointer(&task));
  }
}

PrgBoard *
prg_leaderboard_get_finish(GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer(G_TASK(result), error);
}
