/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "prg-account-adapter.h"
#include "prg-dbus-error.h"
#include "prg-handle.h"
#include "prg-options.h"
#include "prg-reply.h"
#include "prg-transfer.h"

#include <glib/gi18n-lib.h>

struct _PrgAccountAdapter {
  PrgSession *session;      /* (owned) */
  PrgSlots *slots;          /* (not owned) */
  PrgDbusAccount *skeleton; /* (owned) */
};

/* ---- properties and signals ---- */

static void
refresh(PrgAccountAdapter *self)
{
  const PrgAccount *account = prg_session_get_account(self->session);
  PrgDbusAccount *skeleton = self->skeleton;

  prg_dbus_account_set_signed_in(skeleton, account != NULL);
  prg_dbus_account_set_server(skeleton, account ? account->server : "");
  prg_dbus_account_set_workspace_member_id(skeleton, account ? account->member : "");
  prg_dbus_account_set_member_name(skeleton, account ? account->member_name : "");
  prg_dbus_account_set_method(skeleton, account ? "api-key" : "");
  g_dbus_interface_skeleton_flush(G_DBUS_INTERFACE_SKELETON(skeleton));
}

static void
on_changed(PrgSession *session, PrgAccountAdapter *self)
{
  refresh(self);
}

static void
on_sign_in_required(PrgSession *session, const char *reason, PrgAccountAdapter *self)
{
  prg_dbus_account_emit_sign_in_required(self->skeleton, reason);
}

/* ---- calls ---- */

typedef struct {
  PrgAccountAdapter *adapter;
  PrgReply *reply; /* (owned) */
  char *server;    /* (owned) (nullable) */
  char *member;    /* (owned) (nullable) */
  PrgSlot *slot;   /* (owned) (nullable) while the token is read */
  gboolean dry_run;
} Call;

static Call *
call_new(PrgAccountAdapter *self, GDBusMethodInvocation *invocation, const char *message)
{
  Call *call = g_new0(Call, 1);

  call->adapter = self;
  call->reply = prg_reply_new(self->session, invocation, message);
  prg_jobs_begin(prg_session_get_jobs(self->session));
  return call;
}

/* @value: (transfer floating) (nullable); @error: (transfer full) (nullable) */
static void
call_end(Call *call, GVariant *value, GError *error)
{
  PrgJobs *jobs = prg_session_get_jobs(call->adapter->session);

  if (error)
    prg_reply_return_error(call->reply, error);
  else
    prg_reply_return_value(call->reply, value);
  prg_slot_free(call->slot);
  g_free(call->server);
  g_free(call->member);
  g_free(call);
  prg_jobs_end(jobs);
}

/* The token, NULL: @call has ended. (transfer full) free with prg_transfer_wipe() */
static char *
take_token(Call *call, GAsyncResult *result)
{
  GError *error = NULL;
  char *token = prg_transfer_read_token_finish(result, &error);

  g_clear_pointer(&call->slot, prg_slot_free);
  if (token == NULL)
    call_end(call, NULL, error);
  return token;
}

/* ---- SignIn ---- */

static void
on_signed_in(GObject *source, GAsyncResult *result, gpointer user_data)
{
  GError *error = NULL;

  prg_session_sign_in_finish(PRG_SESSION(source), result, &error);
  call_end(user_data, NULL, error);
}

static void
on_token_read(GObject *source, GAsyncResult *result, gpointer user_data)
{
  Call *call = user_data;
  char *token = take_token(call, result);

  if (token)
    prg_session_sign_in_async(call->adapter->session, call->server, call->member, token, on_signed_in, call);
  prg_transfer_wipe(token);
}

static gboolean
on_sign_in(PrgDbusAccount *skeleton,
           GDBusMethodInvocation *invocation,
           GUnixFDList *fds,
           const char *server,
           const char *member,
           GVariant *handle,
           PrgAccountAdapter *self)
{
  GError *error = NULL;
  PrgSlot *slot = NULL;
  int fd = -1;

  if (prg_options_check_text("server", server, 0, 1024, &error) &&
      prg_options_check_text("member", member, 1, 128, &error))
    fd = prg_handle_take(fds, g_variant_get_handle(handle), "token", FALSE, &error);
  if (fd >= 0)
    slot = prg_slots_take_for(self->slots, invocation, fd, &error);
  if (slot == NULL) {
    prg_dbus_error_return(invocation, error);
    return TRUE;
  }
  Call *call =
      call_new(self, invocation, _("Signing in takes longer than 20 seconds; SignedIn tells its end"));
  call->server = g_strdup(server);
  call->member = g_strdup(member);
  call->slot = slot;
  prg_transfer_read_token_async(fd, prg_slot_get_cancellable(slot), on_token_read, call);
  return TRUE;
}

/* ---- SignOut ---- */

typedef struct {
  char *pending; /* (owned) */
} SignOutOptions;

static const PrgOptionSpec sign_out_options[] = {
  { "pending", PRG_OPTION_TEXT, 0, 64, G_STRUCT_OFFSET(SignOutOptions, pending), 0 },
};

static gboolean
parse_policy(const char *text, PrgPendingPolicy *policy, GError **error)
{
  static const char *const names[] = { "refuse", "keep", "export" };

  for (guint i = 0; i < G_N_ELEMENTS(names); i++)
    if (g_str_equal(text, names[i])) {
      *policy = (PrgPendingPolicy)i;
      return TRUE;
    }
  g_set_error(error, PRG_ERROR, PRG_ERROR_INVALID_ARGUMENT,
              _("Option “pending” must be “refuse”, “keep” or “export”; found “%.64s”"), text);
  return FALSE;
}

static void
on_signed_out(GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autofree char *exported = NULL;
  GError *error = NULL;
  gboolean ok = prg_session_sign_out_finish(PRG_SESSION(source), result, &exported, &error);

  call_end(user_data, ok ? g_variant_new("(s)", exported) : NULL, error);
}

static gboolean
on_sign_out(PrgDbusAccount *skeleton,
            GDBusMethodInvocation *invocation,
            GVariant *options,
            PrgAccountAdapter *self)
{
  SignOutOptions read = { g_strdup("refuse") };
  PrgPendingPolicy policy = PRG_PENDING_REFUSE;
  GError *error = NULL;
  gboolean ok = prg_options_read(options, sign_out_options, G_N_ELEMENTS(sign_out_options), &read, &error) &&
                parse_policy(read.pending, &policy, &error);

  g_free(read.pending);
  if (ok)
    prg_session_sign_out_async(
        self->session, policy, on_signed_out,
        call_new(self, invocation, _("Signing out takes longer than 20 seconds; SignedIn tells its end")));
  else
    prg_dbus_error_return(invocation, error);
  return TRUE;
}

/* ---- ProvisionServer ---- */

typedef struct {
  gboolean dry_run;
  gint32 token;
} ProvisionOptions;

static const PrgOptionSpec provision_options[] = {
  { "dry-run", PRG_OPTION_BOOLEAN, 0, 0, G_STRUCT_OFFSET(ProvisionOptions, dry_run), 0 },
  { "token", PRG_OPTION_HANDLE, 0, 0, G_STRUCT_OFFSET(ProvisionOptions, token), 0 },
};

static void
on_provisioned(GObject *source, GAsyncResult *result, gpointer user_data)
{
  GError *error = NULL;
  g_autoptr(GPtrArray) created = prg_session_provision_finish(PRG_SESSION(source), result, &error);
  GVariantBuilder builder;

  g_variant_builder_init(&builder, G_VARIANT_TYPE("as"));
  for (guint i = 0; created && i < created->len; i++)
    g_variant_builder_add(&builder, "s", (const char *)g_ptr_array_index(created, i));
  g_autoptr(GVariant) list = g_variant_ref_sink(g_variant_new("(as)", &builder));
  call_end(user_data, created ? list : NULL, error);
}

static void
provision(Call *call, const char *token)
{
  prg_session_provision_async(call->adapter->session, call->dry_run, token, on_provisioned, call);
}

static void
on_admin_token_read(GObject *source, GAsyncResult *result, gpointer user_data)
{
  Call *call = user_data;
  char *token = take_token(call, result);

  if (token)
    provision(call, token);
  prg_transfer_wipe(token);
}

static gboolean
on_provision_server(PrgDbusAccount *skeleton,
                    GDBusMethodInvocation *invocation,
                    GUnixFDList *fds,
                    GVariant *options,
                    PrgAccountAdapter *self)
{
  ProvisionOptions read = { .token = -1 };
  GError *error = NULL;
  PrgSlot *slot = NULL;
  int fd = -1;

  if (prg_options_read(options, provision_options, G_N_ELEMENTS(provision_options), &read, &error) &&
      read.token >= 0)
    fd = prg_handle_take(fds, read.token, "token", FALSE, &error);
  if (fd >= 0)
    slot = prg_slots_take_for(self->slots, invocation, fd, &error);
  if (error) {
    prg_dbus_error_return(invocation, error);
    return TRUE;
  }
  Call *call = call_new(self, invocation,
                        _("Provisioning takes longer than 20 seconds and goes on; call again to see"));
  call->dry_run = read.dry_run;
  call->slot = slot;
  if (slot)
    prg_transfer_read_token_async(fd, prg_slot_get_cancellable(slot), on_admin_token_read, call);
  else
    provision(call, NULL);
  return TRUE;
}

/* ---- life ---- */

PrgAccountAdapter *
prg_account_adapter_new(PrgSession *session, PrgGate *gate, PrgSlots *slots)
{
  PrgAccountAdapter *self = g_new0(PrgAccountAdapter, 1);

  self->session = g_object_ref(session);
  self->slots = slots;
  self->skeleton = prg_gate_account_new(gate);
  g_signal_connect(self->skeleton, "handle-sign-in", G_CALLBACK(on_sign_in), self);
  g_signal_connect(self->skeleton, "handle-sign-out", G_CALLBACK(on_sign_out), self);
  g_signal_connect(self->skeleton, "handle-provision-server", G_CALLBACK(on_provision_server), self);
  g_signal_connect(session, "account-changed", G_CALLBACK(on_changed), self);
  g_signal_connect(session, "sign-in-required", G_CALLBACK(on_sign_in_required), self);
  refresh(self);
  return self;
}

void
prg_account_adapter_stop(PrgAccountAdapter *self)
{
  g_signal_handlers_disconnect_by_data(self->session, self);
}

void
prg_account_adapter_free(PrgAccountAdapter *self)
{
  if (self == NULL)
    return;
  prg_account_adapter_stop(self);
  g_signal_handlers_disconnect_by_data(self->skeleton, self);
  g_object_unref(self->skeleton);
  g_object_unref(self->session);
  g_free(self);
}

GDBusInterfaceSkeleton *
prg_account_adapter_get_skeleton(PrgAccountAdapter *self)
{
  return G_DBUS_INTERFACE_SKELETON(self->skeleton);
}
