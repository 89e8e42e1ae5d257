/** Metrics of predicted probabilities. */
@NullMarked
package io.adapt4j.eval.internal.metric.probability;

import org.jspecify.annotations.NullMarked;
