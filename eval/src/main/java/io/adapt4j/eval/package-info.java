/** Evaluation of models on tasks. */
@NullMarked
package io.adapt4j.eval;

import org.jspecify.annotations.NullMarked;
