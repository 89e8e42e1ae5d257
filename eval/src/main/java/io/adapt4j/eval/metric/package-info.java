/**
 * Metrics: {@link io.adapt4j.eval.metric.Metrics} creates them; {@link
 * io.adapt4j.eval.metric.Metric} collects rows one at a time, returns its result at any moment, and
 * merges with another of its kind.
 */
@NullMarked
package io.adapt4j.eval.metric;

import org.jspecify.annotations.NullMarked;
