/** Sums of rows that metrics are computed from, and metrics of numbers and ranks. */
@NullMarked
package io.adapt4j.eval.internal.metric;

import org.jspecify.annotations.NullMarked;
