/**
 * Work from a file to a file: answers or embeddings of every row, which go on where a killed
 * process stopped. {@link io.adapt4j.core.batch.BatchCompletion} and {@link
 * io.adapt4j.core.batch.BatchEmbedding} are the ways in.
 */
@NullMarked
package io.adapt4j.core.batch;

import org.jspecify.annotations.NullMarked;
