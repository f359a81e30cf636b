/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Records a call, tells what it brought, and waits until it is in Twenty.
 *
 *   cc record-call.c -o record-call $(pkg-config --cflags --libs liblids-progression-1.0)
 */
#include <lids-progression/lids-progression.h>

typedef struct {
  GMainLoop *loop;
  LidsProgressionClient *client; /* (owned) (nullable) */
  int exit_code;
} Example;

/* @error: (nullable) */
static void
end(Example *example, const GError *error)
{
  if (error)
    g_printerr("%s\n", error->message);
  example->exit_code = error ? 1 : 0;
  g_main_loop_quit(example->loop);
}

static void
on_synced(GObject *source, GAsyncResult *result, gpointer user_data)
{
  Example *example = user_data;
  g_autoptr(GError) error = NULL;

  if (lids_progression_client_sync_now_finish(example->client, result, &error))
    g_print("In Twenty. Pending: %" G_GINT64_FORMAT " XP\n",
            lids_progression_client_get_pending_xp(example->client));
  end(example, error);
}

static void
on_recorded(GObject *source, GAsyncResult *result, gpointer user_data)
{
  Example *example = user_data;
  g_autoptr(GError) error = NULL;
  g_autoptr(LidsEarned) earned = lids_progression_client_record_call_finish(example->client, result, &error);

  if (earned == NULL) {
    end(example, error);
    return;
  }
  g_print("+%" G_GINT64_FORMAT " XP, %" G_GINT64_FORMAT " in total, level %u\n", earned->earned,
          earned->total, earned->level);
  lids_progression_client_sync_now_async(example->client, NULL, on_synced, example);
}

static void
on_client(GObject *source, GAsyncResult *result, gpointer user_data)
{
  Example *example = user_data;
  g_autoptr(GError) error = NULL;

  example->client = lids_progression_client_new_finish(result, &error);
  if (example->client == NULL) {
    end(example, error);
    return;
  }
  g_print("%s, level %u\n", lids_progression_client_get_name(example->client),
          lids_progression_client_get_level(example->client));
  lids_progression_client_record_call_async(example->client, "CONTACT", 145, "lead-7", NULL, NULL,
                                            on_recorded, example);
}

int
main(void)
{
  g_autoptr(GMainLoop) loop = g_main_loop_new(NULL, FALSE);
  Example example = { .loop = loop };

  lids_progression_client_new_async(NULL, LIDS_PROGRESSION_CLIENT_FLAGS_NONE, NULL, on_client, &example);
  g_main_loop_run(loop);
  g_clear_object(&example.client);
  return example.exit_code;
}
