/**
 * Extension points of training, in terms of plain Java: names, numbers and {@link
 * java.nio.FloatBuffer} views of native memory.
 *
 * <ul>
 *   <li>{@link io.adapt4j.core.train.spi.OptimizerRule}: an optimizer
 *   <li>{@link io.adapt4j.core.train.spi.PairwiseLoss}: a preference loss
 *   <li>{@link io.adapt4j.core.train.spi.TrainingObjective}: a task
 * </ul>
 *
 * <p>Other extension points are next to the types they extend: {@link
 * io.adapt4j.core.train.LearningRateSchedule#custom}, {@link
 * io.adapt4j.core.train.TrainingListener}, {@link io.adapt4j.core.reinforce.RewardFunction}.
 */
@NullMarked
package io.adapt4j.core.train.spi;

import org.jspecify.annotations.NullMarked;
