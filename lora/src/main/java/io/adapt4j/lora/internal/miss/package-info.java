/** MiSS: updates that add up pieces of the input. */
@NullMarked
package io.adapt4j.lora.internal.miss;

import org.jspecify.annotations.NullMarked;
