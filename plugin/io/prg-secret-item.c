/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "prg-keyring.h"

#include <string.h>

void
prg_secret_item_free(PrgSecretItem *self)
{
  if (self == NULL)
    return;
  if (self->token != NULL)
    explicit_bzero(self->token, strlen(self->token));
  g_free(self->token);
  g_free(self->server);
  g_free(self->member);
  g_free(self);
}
