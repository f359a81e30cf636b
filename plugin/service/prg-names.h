/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "prg-rules.h"

G_BEGIN_DECLS

/* A name of the catalogue in the language of this process (LC_MESSAGES): what the catalogue itself gives in it, else our translation of
 * a built-in name, else @name as it stands. @what: a PRG_NAME_…; @id: of the thing; @name: its `name`.
 * Returns: (transfer none) valid as long as @rules and @name */
const char *prg_names_show(const PrgRules *rules, const char *what, const char *id, const char *name);

G_END_DECLS
