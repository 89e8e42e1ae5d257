/**
 * 4-bit weights in the formats of bitsandbytes: quantizing, dequantizing, and checkpoints in the
 * layout that Transformers reads and writes.
 */
package io.adapt4j.qlora;
