/** Common parts of adapter kinds with one trained tensor for each projection. */
@NullMarked
package io.adapt4j.lora.internal.projection;

import org.jspecify.annotations.NullMarked;
