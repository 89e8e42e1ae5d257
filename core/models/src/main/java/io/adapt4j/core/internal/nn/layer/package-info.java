/** Layers: the order of norm, attention, MLP and residual sum. */
package io.adapt4j.core.internal.nn.layer;
