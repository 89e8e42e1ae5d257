/** Differentiable operators: linear, attention, norms, experts, recurrences; their kernels. */
package io.adapt4j.core.internal.tensor.op;
