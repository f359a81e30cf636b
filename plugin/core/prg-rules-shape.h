/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The form of a JSON value, as a table. */
typedef enum {
  PRG_SHAPE_BOOLEAN,
  PRG_SHAPE_INTEGER,
  PRG_SHAPE_NUMBER,
  PRG_SHAPE_STRING,
  PRG_SHAPE_ARRAY,
  PRG_SHAPE_MAP,     /* an object with keys of one format and values of one shape */
  PRG_SHAPE_OBJECT,  /* an object with known keys */
  PRG_SHAPE_VARIANT, /* an object whose keys depend on the value of one of them */
} PrgShapeType;

typedef struct _PrgShape PrgShape;

typedef struct {
  const char *key; /* NULL ends a table */
  const PrgShape *shape;
  gboolean optional;
} PrgShapeField;

struct _PrgShape {
  PrgShapeType type;
  const char *expected;                   /* for people: N_("an integer from 1 to 100") */
  double min, max;                        /* numbers: range; arrays and maps: how many */
  gboolean (*is_valid)(const char *text); /* strings, and the keys of a map */
  const PrgShape *items;                  /* of an array or a map */
  const PrgShapeField *fields; /* of an object; of a variant: a field for each, its shape an object */
  const char *selector;        /* variants: the key whose value names one of @fields */
};

extern const PrgShape prg_rules_shape;

G_END_DECLS
