/**
 * What JavaCPP binds of the kernels in C++. For the classes one package up, which check what they
 * hand on, and for benchmarks.
 */
package io.adapt4j.kernels.internal.cpu;
