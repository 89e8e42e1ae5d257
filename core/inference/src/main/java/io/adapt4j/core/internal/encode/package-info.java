/** Runs encoders over texts: embeddings, scores of classes, masked tokens. */
package io.adapt4j.core.internal.encode;
