/**
 * 4-bit weights in the formats of bitsandbytes: quantizing, dequantizing, and checkpoints in the
 * layout that Transformers reads and writes; and 8-bit weights.
 */
@NullMarked
package io.adapt4j.qlora;

import org.jspecify.annotations.NullMarked;
