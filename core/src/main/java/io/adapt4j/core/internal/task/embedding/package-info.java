/** Embedding queries near their passages. */
package io.adapt4j.core.internal.task.embedding;
