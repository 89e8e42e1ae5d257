/**
 * Extension points of training and of models, in terms of plain Java: names, numbers and {@link
 * java.nio.FloatBuffer} views of native memory.
 *
 * <ul>
 *   <li>{@link io.adapt4j.core.spi.OptimizerRule}: an optimizer
 *   <li>{@link io.adapt4j.core.spi.PairwiseLoss}: a preference loss
 *   <li>{@link io.adapt4j.core.spi.TrainingObjective}: a task
 *   <li>{@link io.adapt4j.core.spi.ParameterSelection} and {@link
 *       io.adapt4j.core.spi.WeightUpdate}: fine-tuning methods
 *   <li>{@link io.adapt4j.core.spi.WeightCodec}: a format of frozen weights
 *   <li>{@link io.adapt4j.core.spi.ModelFamily}: a model family
 * </ul>
 *
 * <p>Other extension points are next to the types they extend: {@link
 * io.adapt4j.core.train.LearningRateSchedule#custom}, {@link
 * io.adapt4j.core.train.TrainingListener}, {@link io.adapt4j.core.reinforce.RewardFunction}.
 */
@NullMarked
package io.adapt4j.core.spi;

import org.jspecify.annotations.NullMarked;
