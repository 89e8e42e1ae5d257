/** Computations of rounds: stored adapters, sums of low-rank products, noise. */
@NullMarked
package io.adapt4j.federated.internal;

import org.jspecify.annotations.NullMarked;
