/** Weights in 4 to 8 bits: kernels, decoding and quantizing, beside llama.cpp. */
package io.adapt4j.benchmarks.quantized;
