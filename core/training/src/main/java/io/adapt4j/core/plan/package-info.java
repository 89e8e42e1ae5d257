/** Predictions of a run's memory and time before it starts. */
@NullMarked
package io.adapt4j.core.plan;

import org.jspecify.annotations.NullMarked;
