/** Feed-forward networks: plain, gated, and mixtures of experts with their routers. */
package io.adapt4j.core.internal.nn.mlp;
