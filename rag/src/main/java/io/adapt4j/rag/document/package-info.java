/**
 * Documents, the pieces they are searched by, and how files become documents.
 *
 * <p>{@link io.adapt4j.rag.document.Documents} says what to read. Text, Markdown, source code and
 * HTML are read by this package; PDF, office files and e-mail need Apache Tika on the class path.
 */
@NullMarked
package io.adapt4j.rag.document;

import org.jspecify.annotations.NullMarked;
