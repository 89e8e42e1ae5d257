/**
 * Answers grounded in an application's own documents: the entry point {@link io.adapt4j.rag.Rag}.
 */
@NullMarked
package io.adapt4j.rag;

import org.jspecify.annotations.NullMarked;
