/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The REST filter of Twenty, read by the rules that were recorded of the real server: comma = and, and() or() not(),
 * name[op]:value, a value in double quotes may hold commas and brackets, and a quote cannot be escaped. */

/* A parameter of the query behind @path, decoded; NULL if it is not there, which no second one of its name may follow. */
char *fuzz_filter_parameter(const char *path, const char *name);
/* The filter of a request whose resource is @resource. (transfer full) */
char *fuzz_filter_of(const char *path, const char *resource);
/* What stands between the commas outside quotes and brackets. (transfer full) (element-type utf8) */
GPtrArray *fuzz_filter_split(const char *text);
/* The members of @word(…). (transfer full) (element-type utf8) */
GPtrArray *fuzz_filter_group(const char *text, const char *word);
/* @text is exactly @name[@op]:@value. */
void fuzz_filter_check(const char *text, const char *name, const char *op, const char *value);

G_END_DECLS
