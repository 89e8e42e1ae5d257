/**
 * Linear layers with frozen quantized weights of any format, dequantized on demand in forward and
 * backward. For modules that provide such a format.
 */
package io.adapt4j.kernels.internal.packed;
