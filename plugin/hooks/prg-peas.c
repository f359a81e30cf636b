/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The entry point for hosts with libpeas 1.0. Most activate libpeas' own interface; gedit has one of its own that begins
 * alike, and it is found in the process, so that this one module serves all and links no host. */
#include "prg-guest.h"

#include <dlfcn.h>
#include <libpeas/peas.h>

/* What all these interfaces begin with. */
typedef struct {
  GTypeInterface parent;
  void (*activate)(gpointer self);
  void (*deactivate)(gpointer self);
} Activatable;

G_STATIC_ASSERT(G_STRUCT_OFFSET(Activatable, activate) ==
                G_STRUCT_OFFSET(PeasActivatableInterface, activate));
G_STATIC_ASSERT(G_STRUCT_OFFSET(Activatable, deactivate) ==
                G_STRUCT_OFFSET(PeasActivatableInterface, deactivate));

typedef struct {
  GObject parent_instance;
  gboolean is_active;
} Extension;

PEAS_AVAILABLE_IN_ALL G_MODULE_EXPORT void peas_register_types(PeasObjectModule *module);

static void
extension_activate(gpointer object)
{
  Extension *self = object;

  if (self->is_active)
    return;
  self->is_active = TRUE;
  prg_guest_enter();
}

static void
extension_deactivate(gpointer object)
{
  Extension *self = object;

  if (!self->is_active)
    return;
  self->is_active = FALSE;
  prg_guest_leave();
}

static void
extension_dispose(GObject *object)
{
  GObjectClass *parent_class = g_type_class_peek(G_TYPE_OBJECT);

  /* A host that ends may drop its extensions as they are. */
  extension_deactivate(object);
  parent_class->dispose(object);
}

/* What the extension belongs to: the plugin has no use for it. */
static void
extension_set_property(GObject *object, guint id, const GValue *value, GParamSpec *spec)
{
}

static void
extension_get_property(GObject *object, guint id, GValue *value, GParamSpec *spec)
{
  g_param_value_set_default(spec, value);
}

static void
extension_class_init(gpointer klass, gpointer class_data)
{
  GObjectClass *object_class = klass;
  g_autofree GType *interfaces = g_type_interfaces(G_TYPE_FROM_CLASS(klass), NULL);
  gpointer interface = g_type_default_interface_ref(interfaces[0]);
  guint n_specs;
  g_autofree GParamSpec **specs = g_object_interface_list_properties(interface, &n_specs);

  object_class->dispose = extension_dispose;
  object_class->set_property = extension_set_property;
  object_class->get_property = extension_get_property;
  for (guint i = 0; i < n_specs; i++)
    g_object_class_override_property(object_class, i + 1, specs[i]->name);
  g_type_default_interface_unref(interface);
}

static void
activatable_init(gpointer interface, gpointer interface_data)
{
  Activatable *activatable = interface;

  activatable->activate = extension_activate;
  activatable->deactivate = extension_deactivate;
}

static GType
make_type(const char *name, GType interface)
{
  static const GTypeInfo info = {
    .class_size = sizeof(GObjectClass),
    .class_init = extension_class_init,
    .instance_size = sizeof(Extension),
  };
  static const GInterfaceInfo interface_info = { .interface_init = activatable_init };
  GType type = g_type_register_static(G_TYPE_OBJECT, name, &info, G_TYPE_FLAG_FINAL);

  g_type_add_interface_static(type, interface, &interface_info);
  return type;
}

/* The module stays in memory, and so do its types. */
static void
register_type(PeasObjectModule *module, const char *name, GType interface)
{
  GType type = g_type_from_name(name);

  if (type == G_TYPE_INVALID)
    type = make_type(name, interface);
  peas_object_module_register_extension_type(module, interface, type);
}

/* Called each time that the plugin is enabled. */
void
peas_register_types(PeasObjectModule *module)
{
  GType (*gedit_type)(void) = NULL;

  register_type(module, "PrgPeasExtension", PEAS_TYPE_ACTIVATABLE);
  *(gpointer *)&gedit_type = dlsym(RTLD_DEFAULT, "gedit_app_activatable_get_type");
  if (gedit_type != NULL)
    register_type(module, "PrgGeditExtension", gedit_type());
}
