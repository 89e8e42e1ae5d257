/** The endpoint of embeddings, which joins concurrent requests. */
@NullMarked
package io.adapt4j.serve.internal.embedding;

import org.jspecify.annotations.NullMarked;
