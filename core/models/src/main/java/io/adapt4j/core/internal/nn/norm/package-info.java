/** Normalizations: RMS norm and layer norm, with and without weights. */
package io.adapt4j.core.internal.nn.norm;
