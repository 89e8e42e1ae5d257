/**
 * Monitoring of runs: early warnings, a report page, TensorBoard event files, Micrometer meters.
 * Everything here is a {@link io.adapt4j.core.train.TrainingListener}.
 */
@NullMarked
package io.adapt4j.core.monitor;

import org.jspecify.annotations.NullMarked;
