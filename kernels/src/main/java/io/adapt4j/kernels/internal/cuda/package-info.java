/**
 * CUDA support of the 4-bit kernels: a device, its memory, kernels compiled at first use, and their
 * weight layout. Loading these classes does not need CUDA; if it is missing, {@link
 * io.adapt4j.kernels.internal.cuda.CudaDevice#open} reports why.
 */
package io.adapt4j.kernels.internal.cuda;
