/** Data to tune retrieval with. */
@NullMarked
package io.adapt4j.rag.tune;

import org.jspecify.annotations.NullMarked;
