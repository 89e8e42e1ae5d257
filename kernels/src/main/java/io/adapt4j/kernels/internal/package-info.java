/**
 * Kernels for weights in 4 bits. {@link io.adapt4j.kernels.internal.FourBitKernels} is the seam:
 * {@link io.adapt4j.kernels.internal.KernelChoice} opens what this machine has of CUDA, C++ and
 * Java, in this order. They compute on {@linkplain io.adapt4j.core.internal.tensor.Tensor tensors},
 * since these know their memory and the device that it is on. For Adapt4J's own modules;
 * applications use {@code adapt4j-qlora}.
 */
package io.adapt4j.kernels.internal;
