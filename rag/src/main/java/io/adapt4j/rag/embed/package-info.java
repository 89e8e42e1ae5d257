/** Embeddings: texts as vectors. */
@NullMarked
package io.adapt4j.rag.embed;

import org.jspecify.annotations.NullMarked;
