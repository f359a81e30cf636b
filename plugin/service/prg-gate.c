/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "prg-gate.h"
#include "prg-callers.h"
#include "prg-clock.h"
#include "prg-dbus-error.h"

#include <glib/gi18n-lib.h>

#define PROPERTIES "org.freedesktop.DBus.Properties"

typedef struct {
  GDBusInterfaceSkeleton *skeleton;  /* (owned) */
  GDBusMethodInvocation *invocation; /* (owned) */
} Waiting;

struct _PrgGate {
  gatomicrefcount references;
  GMainContext *context; /* (owned) */
  gboolean is_open;
  gboolean is_stopped;
  PrgCallers *callers; /* (owned) (element-type Waiting) */
  GSource *pump;       /* (owned) (nullable) carries out what waits */
  GSource *clock;      /* (owned) (nullable) while something waits: refuses what has waited too long */
};

static GQuark gate_quark(void);
G_DEFINE_QUARK(prg_gate, gate)
static GQuark deadline_quark(void);
G_DEFINE_QUARK(prg_gate_deadline, deadline)

/* One subclass for each interface. A table without get_property makes GDBus hand reads to method_call, where
 * they can wait. */
static GDBusInterfaceVTable *gate_vtable(GDBusInterfaceSkeleton *skeleton);

#define DEFINE_GATED(Name, name, PARENT_TYPE)                             \
  typedef struct {                                                        \
    PrgDbus##Name##Skeleton parent;                                       \
  } PrgGated##Name;                                                       \
  typedef struct {                                                        \
    PrgDbus##Name##SkeletonClass parent;                                  \
  } PrgGated##Name##Class;                                                \
  static GType prg_gated_##name##_get_type(void);                         \
  G_DEFINE_TYPE(PrgGated##Name, prg_gated_##name, PARENT_TYPE)            \
  static void prg_gated_##name##_class_init(PrgGated##Name##Class *klass) \
  {                                                                       \
    G_DBUS_INTERFACE_SKELETON_CLASS(klass)->get_vtable = gate_vtable;     \
  }                                                                       \
  static void prg_gated_##name##_init(PrgGated##Name *self)               \
  {                                                                       \
  }

DEFINE_GATED(Progression, progression, PRG_DBUS_TYPE_PROGRESSION_SKELETON)
DEFINE_GATED(Sync, sync, PRG_DBUS_TYPE_SYNC_SKELETON)
DEFINE_GATED(Account, account, PRG_DBUS_TYPE_ACCOUNT_SKELETON)

PrgGate *
prg_gate_new(GMainContext *context)
{
  PrgGate *self = g_new0(PrgGate, 1);

  g_atomic_ref_count_init(&self->references);
  self->context = g_main_context_ref(context);
  self->callers = prg_callers_new();
  return self;
}

PrgGate *
prg_gate_ref(PrgGate *self)
{
  g_atomic_ref_count_inc(&self->references);
  return self;
}

void
prg_gate_unref(PrgGate *self)
{
  if (!g_atomic_ref_count_dec(&self->references))
    return;
  prg_gate_refuse(self);
  prg_callers_free(self->callers);
  g_main_context_unref(self->context);
  g_free(self);
}

/* The table that the generated code made: the class above ours has it. */
static const GDBusInterfaceVTable *
generated_vtable(GDBusInterfaceSkeleton *skeleton)
{
  GDBusInterfaceSkeletonClass *parent = g_type_class_peek_parent(G_OBJECT_GET_CLASS(skeleton));

  return parent->get_vtable(skeleton);
}

static GVariant *
read_property(GDBusInterfaceSkeleton *skeleton, GDBusMethodInvocation *invocation, const char *name)
{
  GDBusInterfaceInfo *info = g_dbus_interface_skeleton_get_info(skeleton);
  g_autoptr(GError) error = NULL;

  GVariant *value = generated_vtable(skeleton)->get_property(
      g_dbus_method_invocation_get_connection(invocation), g_dbus_method_invocation_get_sender(invocation),
      g_dbus_method_invocation_get_object_path(invocation), info->name, name, &error, skeleton);

  return value ? g_variant_take_ref(value) : NULL;
}

static void
answer_get(GDBusInterfaceSkeleton *skeleton, GDBusMethodInvocation *invocation)
{
  const char *name = NULL;
  g_autoptr(GVariant) value = NULL;

  g_variant_get(g_dbus_method_invocation_get_parameters(invocation), "(&s&s)", NULL, &name);
  value = read_property(skeleton, invocation, name);
  if (value == NULL)
    g_dbus_method_invocation_return_error(invocation, G_DBUS_ERROR, G_DBUS_ERROR_UNKNOWN_PROPERTY,
                                          _("There is no property “%s”"), name);
  else
    g_dbus_method_invocation_return_value(invocation, g_variant_new("(v)", value));
}

static void
answer_get_all(GDBusInterfaceSkeleton *skeleton, GDBusMethodInvocation *invocation)
{
  GDBusInterfaceInfo *info = g_dbus_interface_skeleton_get_info(skeleton);
  GVariantBuilder builder;

  g_variant_builder_init(&builder, G_VARIANT_TYPE("(a{sv})"));
  g_variant_builder_open(&builder, G_VARIANT_TYPE("a{sv}"));
  for (guint i = 0; info->properties && info->properties[i]; i++) {
    g_autoptr(GVariant) value = read_property(skeleton, invocation, info->properties[i]->name);
    if (value)
      g_variant_builder_add(&builder, "{sv}", info->properties[i]->name, value);
  }
  g_variant_builder_close(&builder);
  g_dbus_method_invocation_return_value(invocation, g_variant_builder_end(&builder));
}

/* @invocation: (transfer full) */
static void
carry_out(GDBusInterfaceSkeleton *skeleton, GDBusMethodInvocation *invocation)
{
  const char *interface = g_dbus_method_invocation_get_interface_name(invocation);
  const char *method = g_dbus_method_invocation_get_method_name(invocation);

  if (!g_str_equal(interface, PROPERTIES))
    generated_vtable(skeleton)->method_call(
        g_dbus_method_invocation_get_connection(invocation), g_dbus_method_invocation_get_sender(invocation),
        g_dbus_method_invocation_get_object_path(invocation), interface, method,
        g_dbus_method_invocation_get_parameters(invocation), invocation, skeleton);
  else if (g_str_equal(method, "Get"))
    answer_get(skeleton, invocation);
  else if (g_str_equal(method, "GetAll"))
    answer_get_all(skeleton, invocation);
  else
    g_dbus_method_invocation_return_error(invocation, G_DBUS_ERROR, G_DBUS_ERROR_PROPERTY_READ_ONLY,
                                          _("All properties are read-only"));
}

/* ---- what has waited too long ---- */

#define DEADLINE_US (PRG_GATE_DEADLINE_MS * (gint64)1000)

/* @waiting: (transfer full); @error: (transfer full) */
static void
refuse_waiting(Waiting *waiting, GError *error)
{
  prg_dbus_error_return(waiting->invocation, error);
  g_object_unref(waiting->skeleton);
  g_free(waiting);
}

static void
refuse_overdue(PrgGate *self)
{
  gint64 since = prg_clock_monotonic() - DEADLINE_US;
  Waiting *waiting;

  while ((waiting = prg_callers_expire(self->callers, since)) != NULL)
    refuse_waiting(
        waiting,
        g_error_new_literal(PRG_ERROR, PRG_ERROR_STORAGE_FAILED,
                            _("For 19 seconds it was not this call's turn: the disk is slow, or the account "
                              "is being changed. Nothing was recorded; repeat the call.")));
}

static void
stop_clock(PrgGate *self)
{
  if (self->clock)
    g_source_destroy(self->clock);
  g_clear_pointer(&self->clock, g_source_unref);
}

static void set_clock(PrgGate *self);

static gboolean
on_clock(gpointer user_data)
{
  PrgGate *self = user_data;

  stop_clock(self);
  refuse_overdue(self);
  set_clock(self);
  return G_SOURCE_REMOVE;
}

/* Runs as long as something waits, and no longer: an idle service is not woken. */
static void
set_clock(PrgGate *self)
{
  gint64 oldest = self->is_stopped ? G_MAXINT64 : prg_callers_oldest(self->callers);

  if (oldest == G_MAXINT64) {
    stop_clock(self);
    return;
  }
  if (self->clock)
    return; /* it may come too early, and is set again then */
  gint64 wait = MAX(oldest + DEADLINE_US - prg_clock_monotonic(), 0);
  self->clock = g_timeout_source_new((guint)((wait + 999) / 1000));
  g_source_set_callback(self->clock, on_clock, self, NULL);
  g_source_attach(self->clock, self->context);
}

static void
note_deadline(GDBusMethodInvocation *invocation, gint64 now)
{
  gint64 *deadline = g_new(gint64, 1);

  *deadline = now + DEADLINE_US;
  g_object_set_qdata_full(G_OBJECT(invocation), deadline_quark(), deadline, g_free);
}

gint64
prg_gate_get_deadline(GDBusMethodInvocation *invocation)
{
  const gint64 *deadline = g_object_get_qdata(G_OBJECT(invocation), deadline_quark());

  return *deadline;
}

/* ---- whose turn it is ---- */

static void schedule_pump(PrgGate *self);

/* A call that is carried out, until its invocation has gone: then it is answered. */
typedef struct {
  PrgGate *gate; /* (owned) */
  char *sender;  /* (owned) */
} Running;

static void
on_answered(gpointer data, GObject *where_the_invocation_was)
{
  Running *running = data;

  prg_callers_done(running->gate->callers, running->sender);
  schedule_pump(running->gate);
  g_free(running->sender);
  prg_gate_unref(running->gate);
  g_free(running);
}

static const char *
sender_of(GDBusMethodInvocation *invocation)
{
  const char *sender = g_dbus_method_invocation_get_sender(invocation);

  return sender ? sender : "";
}

/* @waiting: (transfer full) */
static void
start(PrgGate *self, Waiting *waiting)
{
  Running *running = g_new0(Running, 1);

  running->gate = prg_gate_ref(self);
  running->sender = g_strdup(sender_of(waiting->invocation));
  g_object_weak_ref(G_OBJECT(waiting->invocation), on_answered, running);
  carry_out(waiting->skeleton, waiting->invocation);
  g_object_unref(waiting->skeleton);
  g_free(waiting);
}

/* One call of each caller; then the loop sees to the others' arrivals first. */
static gboolean
on_pump(gpointer user_data)
{
  g_autoptr(PrgGate) self = prg_gate_ref(user_data);
  /* GDBus and this source come without a thread-default context; everything that a call starts must come back
   * to the same one. */
  g_autoptr(GMainContextPusher) pusher G_GNUC_UNUSED = g_main_context_pusher_new(self->context);
  Waiting *waiting;

  g_clear_pointer(&self->pump, g_source_unref);
  refuse_overdue(self); /* the loop may have stood still */
  for (guint n = prg_callers_n_ready(self->callers); n > 0 && self->is_open; n--)
    if ((waiting = prg_callers_pop(self->callers)) != NULL)
      start(self, waiting);
  schedule_pump(self);
  set_clock(self);
  return G_SOURCE_REMOVE;
}

static void
schedule_pump(PrgGate *self)
{
  if (!self->is_open || self->is_stopped || self->pump || prg_callers_n_ready(self->callers) == 0)
    return;
  self->pump = g_idle_source_new();
  g_source_set_priority(self->pump, G_PRIORITY_DEFAULT);
  g_source_set_callback(self->pump, on_pump, self, NULL);
  g_source_attach(self->pump, self->context);
}

static gboolean
check_size(GVariant *parameters, GError **error)
{
  gsize size = g_variant_get_size(parameters);

  if (size <= PRG_GATE_MAX_ARGUMENTS)
    return TRUE;
  g_set_error(error, PRG_ERROR, PRG_ERROR_TOO_LARGE,
              _("The arguments of a call may be %d bytes long; found %zu"), PRG_GATE_MAX_ARGUMENTS, size);
  return FALSE;
}

static void
on_gate_method_call(GDBusConnection *connection,
                    const char *sender,
                    const char *object_path,
                    const char *interface_name,
                    const char *method_name,
                    GVariant *parameters,
                    GDBusMethodInvocation *invocation,
                    gpointer user_data)
{
  GDBusInterfaceSkeleton *skeleton = user_data;
  PrgGate *self = g_object_get_qdata(G_OBJECT(skeleton), gate_quark());
  GError *error = NULL;
  Waiting *waiting = g_new0(Waiting, 1);
  gint64 now = prg_clock_monotonic();

  note_deadline(invocation, now);
  waiting->skeleton = g_object_ref(skeleton);
  waiting->invocation = invocation;
  if (check_size(parameters, &error) &&
      prg_callers_push(self->callers, sender_of(invocation), waiting,
                       !g_str_equal(interface_name, PROPERTIES), now, &error)) {
    schedule_pump(self);
    set_clock(self);
    return;
  }
  refuse_waiting(waiting, error);
}

static GDBusInterfaceVTable *
gate_vtable(GDBusInterfaceSkeleton *skeleton)
{
  /* Not const for GDBus's signature only; nobody writes to it. */
  static GDBusInterfaceVTable vtable = { .method_call = on_gate_method_call };

  return &vtable;
}

void
prg_gate_open(PrgGate *self)
{
  self->is_open = TRUE;
  schedule_pump(self);
}

void
prg_gate_close(PrgGate *self)
{
  self->is_open = FALSE;
}

void
prg_gate_refuse(PrgGate *self)
{
  Waiting *waiting;

  self->is_stopped = TRUE;
  if (self->pump)
    g_source_destroy(self->pump);
  g_clear_pointer(&self->pump, g_source_unref);
  stop_clock(self);
  while ((waiting = prg_callers_drain(self->callers)) != NULL)
    refuse_waiting(waiting,
                   g_error_new_literal(PRG_ERROR, PRG_ERROR_CANCELLED, _("The service is being stopped")));
}

static gpointer
gated_new(PrgGate *self, GType type)
{
  gpointer skeleton = g_object_new(type, NULL);

  g_object_set_qdata_full(skeleton, gate_quark(), prg_gate_ref(self), (GDestroyNotify)prg_gate_unref);
  return skeleton;
}

PrgDbusProgression *
prg_gate_progression_new(PrgGate *self)
{
  return gated_new(self, prg_gated_progression_get_type());
}

PrgDbusSync *
prg_gate_sync_new(PrgGate *self)
{
  return gated_new(self, prg_gated_sync_get_type());
}

PrgDbusAccount *
prg_gate_account_new(PrgGate *self)
{
  return gated_new(self, prg_gated_account_get_type());
}
