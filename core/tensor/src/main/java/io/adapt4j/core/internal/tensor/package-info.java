/**
 * The only package that calls libtorch: tensors with an owner, operators scripted and compiled in
 * memory, and a tape for gradients.
 *
 * <p>This package is the interface for Adapt4J's own modules (adapters, quantized layers);
 * applications use {@code io.adapt4j.core}. {@code docs/engine.md} explains the design and the
 * alternatives that were tried.
 */
package io.adapt4j.core.internal.tensor;
