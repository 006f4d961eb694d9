/// What the loops here have in common with their compiler; see CInstructions.h for the levels.
#ifndef DQ_CLONES_H
#define DQ_CLONES_H

#include "CInstructions.h"

/// Before a loop whose iterations touch no element of each other. A destination may then equal a
/// source and the loop is still made of vectors; on its own, the compiler would check for overlap
/// and go one element at a time where there is any.
#define DQ_ELEMENTWISE _Pragma("clang loop vectorize(assume_safety)")

#endif
