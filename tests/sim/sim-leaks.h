/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* libsoup 3.2's server leaks the socket of every connection and its own address. A leak checker is told of
 * these two, so that it finds ours; nothing else is hidden from it. */
#pragma once

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SIM_LEAK_CHECK 1
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define SIM_LEAK_CHECK 1
#endif

#ifdef SIM_LEAK_CHECK
#include <sanitizer/lsan_interface.h>
#define sim_leak_known(object) __lsan_ignore_object(object)
#define sim_leaks_begin() __lsan_disable()
#define sim_leaks_end() __lsan_enable()
#else
#define sim_leak_known(object) ((void)(object))
#define sim_leaks_begin() ((void)0)
#define sim_leaks_end() ((void)0)
#endif
