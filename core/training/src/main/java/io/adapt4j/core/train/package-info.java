/** Training: schedules, early stopping, and the events that a run reports to its listeners. */
@NullMarked
package io.adapt4j.core.train;

import org.jspecify.annotations.NullMarked;
