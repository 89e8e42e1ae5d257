/** Texts as vectors. */
package io.adapt4j.rag.embed;
