/**
 * CUDA as the 4-bit kernels need it: a device, its memory, kernels compiled at first use, and a
 * weight laid out for them. Nothing here needs CUDA to be loaded; where it is missing {@link
 * io.adapt4j.kernels.internal.cuda.CudaDevice#open} says why.
 */
package io.adapt4j.kernels.internal.cuda;
