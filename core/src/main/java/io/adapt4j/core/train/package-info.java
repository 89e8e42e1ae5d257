/** Training: schedules, early stopping, and the events a run reports to its listeners. */
package io.adapt4j.core.train;
