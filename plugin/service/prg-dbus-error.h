/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "prg-error.h"
#include <gio/gio.h>

G_BEGIN_DECLS

/* "org.lids.Progression.Error.NotSignedIn", … Any number that is no PrgError gives the ServerError name. */
const char *prg_dbus_error_name(int code);

/* The name for any GError: our own domain by the table, a cancelled operation as Cancelled, what is left as
 * ServerError. */
const char *prg_dbus_error_name_for(const GError *error);

/* The message as it may go out: a text that was cut within a letter would break the connection. (transfer full) */
char *prg_dbus_error_message_for(const GError *error);

/* Answers @invocation (transfer full) with @error (transfer full): the only place where an error crosses to
 * the bus. */
void prg_dbus_error_return(GDBusMethodInvocation *invocation, GError *error);

G_END_DECLS
