/**
 * The one place where Java meets libtorch: tensors with an owner, a script of operators compiled in
 * memory, and a tape that differentiates them.
 *
 * <p>This package is the seam for Adapt4J's own modules (adapters, quantized layers); applications
 * use {@code io.adapt4j.core}. How it works and what else was tried is told in {@code
 * docs/architecture.md}.
 */
package io.adapt4j.core.internal.tensor;
