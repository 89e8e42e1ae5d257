/** Computation of answers and how they are written, whatever their format. */
@NullMarked
package io.adapt4j.serve.internal.answer;

import org.jspecify.annotations.NullMarked;
