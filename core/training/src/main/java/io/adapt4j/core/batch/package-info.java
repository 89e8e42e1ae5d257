/**
 * Batch processing of files: answers or embeddings of every row, resumable after an interruption.
 * The entry points are {@link io.adapt4j.core.batch.BatchCompletion} and {@link
 * io.adapt4j.core.batch.BatchEmbedding}.
 */
@NullMarked
package io.adapt4j.core.batch;

import org.jspecify.annotations.NullMarked;
