/** Token, position and type embeddings. */
package io.adapt4j.core.internal.nn.embedding;
