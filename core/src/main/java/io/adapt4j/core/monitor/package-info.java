/**
 * Watching a run: early warnings in words, a report page, TensorBoard's event files, Micrometer
 * meters. Everything here is a {@link io.adapt4j.core.train.TrainingListener}.
 */
@NullMarked
package io.adapt4j.core.monitor;

import org.jspecify.annotations.NullMarked;
