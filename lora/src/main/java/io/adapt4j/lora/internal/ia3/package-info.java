/** (IA)3: learned vectors that rescale projections. */
@NullMarked
package io.adapt4j.lora.internal.ia3;

import org.jspecify.annotations.NullMarked;
