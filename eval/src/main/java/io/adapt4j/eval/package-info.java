/** Asking models the questions of tasks, and what came of it. */
@NullMarked
package io.adapt4j.eval;

import org.jspecify.annotations.NullMarked;
