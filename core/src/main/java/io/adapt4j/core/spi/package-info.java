/**
 * Extension points of training and of models, in terms of plain Java: names, numbers and {@link
 * java.nio.FloatBuffer} views of native memory.
 *
 * <p>Start with {@link io.adapt4j.core.spi.OptimizerRule} for an optimizer, {@link
 * io.adapt4j.core.spi.PairLoss} for a preference loss. Extensions outside this package: {@link
 * io.adapt4j.core.train.LearningRateSchedule#custom}, {@link
 * io.adapt4j.core.train.TrainingListener}.
 */
@NullMarked
package io.adapt4j.core.spi;

import org.jspecify.annotations.NullMarked;
