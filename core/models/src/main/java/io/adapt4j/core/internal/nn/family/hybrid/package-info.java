/** Decoder families with recurrent layers: state spaces, delta rule, convolutions. */
package io.adapt4j.core.internal.nn.family.hybrid;
