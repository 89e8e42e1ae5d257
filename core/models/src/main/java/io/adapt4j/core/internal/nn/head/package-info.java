/** Output layers: heads of encoders and decoders, and pooling. */
package io.adapt4j.core.internal.nn.head;
