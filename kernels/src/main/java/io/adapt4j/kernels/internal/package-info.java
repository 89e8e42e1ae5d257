/**
 * Kernels for 4-bit weights behind the interface {@link
 * io.adapt4j.kernels.internal.FourBitKernels}: {@link io.adapt4j.kernels.internal.KernelChoice}
 * opens the first available of CUDA, C++ and Java. They compute on {@linkplain
 * io.adapt4j.core.internal.tensor.Tensor tensors}, which know their memory and device. For
 * Adapt4J's own modules; applications use {@code adapt4j-qlora}.
 */
package io.adapt4j.kernels.internal;
