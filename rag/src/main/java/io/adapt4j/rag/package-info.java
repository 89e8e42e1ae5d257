/**
 * Answers grounded in an application's own documents: the entry point {@link io.adapt4j.rag.Rag}.
 */
package io.adapt4j.rag;
