/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* By this function libsoup 3 knows libsoup 2, and ends the process. */
__attribute__((visibility("default"))) void soup_uri_new(void);

void
soup_uri_new(void)
{
}
