/** Weights in files: checks, loading and saving, and formats of stored linear weights. */
package io.adapt4j.core.internal.nn.weights;
