/** Estimates of trainable parameters and activation memory, before allocation. */
package io.adapt4j.core.internal.nn.memory;
