/**
 * JavaCPP bindings of the C++ kernels, for the classes of the parent package, which check their
 * arguments, and for benchmarks.
 */
package io.adapt4j.kernels.internal.cpu;
