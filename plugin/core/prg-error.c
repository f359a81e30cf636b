/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "prg-error.h"

GQuark
prg_error_quark(void)
{
  return g_quark_from_static_string("prg-error-quark");
}
