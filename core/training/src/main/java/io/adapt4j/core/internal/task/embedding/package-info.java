/** Training of text embeddings. */
package io.adapt4j.core.internal.task.embedding;
