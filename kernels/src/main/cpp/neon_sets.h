// The loops of the file that ADAPT4J_LOOPS names, for each set of ARM's products in 8 bits. No
// "pragma once": it is included for each such file.

#define ADAPT4J_SET neon
#define ADAPT4J_TARGET
#include ADAPT4J_LOOPS
#undef ADAPT4J_SET
#undef ADAPT4J_TARGET

#define ADAPT4J_SET neondot
#define ADAPT4J_TARGET ADAPT4J_DOT
#include ADAPT4J_LOOPS
#undef ADAPT4J_SET
#undef ADAPT4J_TARGET

#undef ADAPT4J_LOOPS
