/**
 * Tensors with an owner, and operators scripted and compiled in memory. Only this package and those
 * below it call libtorch.
 *
 * <p>It is the interface for Adapt4J's own modules (adapters, quantized layers); applications use
 * {@code io.adapt4j.core}. {@code docs/engine.md} explains the design and the alternatives that
 * were tried.
 */
package io.adapt4j.core.internal.tensor;
