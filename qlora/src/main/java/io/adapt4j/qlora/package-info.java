/**
 * 4-bit weights in the formats of bitsandbytes: quantizing, dequantizing, and checkpoints in the
 * layout that Transformers reads and writes.
 */
@NullMarked
package io.adapt4j.qlora;

import org.jspecify.annotations.NullMarked;
