/**
 * Extension points of models and fine-tuning methods, in terms of plain Java: names, numbers and
 * {@link java.nio.FloatBuffer} views of native memory.
 *
 * <ul>
 *   <li>{@link io.adapt4j.core.spi.ModelFamily}: a model family
 *   <li>{@link io.adapt4j.core.spi.WeightCodec}: a format of frozen weights
 *   <li>{@link io.adapt4j.core.spi.ParameterSelection} and {@link
 *       io.adapt4j.core.spi.WeightUpdate}: fine-tuning methods
 * </ul>
 */
@NullMarked
package io.adapt4j.core.spi;

import org.jspecify.annotations.NullMarked;
