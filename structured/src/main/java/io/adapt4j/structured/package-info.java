/**
 * Structured output. {@link io.adapt4j.structured.JsonSchema}, {@link io.adapt4j.structured.Regex},
 * {@link io.adapt4j.structured.Choice} and {@link io.adapt4j.structured.Grammar} create constraints
 * for {@link io.adapt4j.core.generate.GenerationOptions.Builder#constraint}; {@link
 * io.adapt4j.structured.TextConstraint} combines them.
 */
@NullMarked
package io.adapt4j.structured;

import org.jspecify.annotations.NullMarked;
