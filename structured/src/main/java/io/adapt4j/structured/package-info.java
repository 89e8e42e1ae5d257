/**
 * Answers of a given shape. {@link io.adapt4j.structured.JsonSchema}, {@link
 * io.adapt4j.structured.Regex}, {@link io.adapt4j.structured.Choice} and {@link
 * io.adapt4j.structured.Grammar} make constraints for {@link
 * io.adapt4j.core.generate.GenerationOptions.Builder#constraint}; {@link
 * io.adapt4j.structured.TextConstraint} joins them.
 */
@NullMarked
package io.adapt4j.structured;

import org.jspecify.annotations.NullMarked;
