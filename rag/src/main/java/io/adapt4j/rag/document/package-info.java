/**
 * Documents, their chunks, and conversion of files to documents.
 *
 * <p>{@link io.adapt4j.rag.document.Documents} selects the files. Text, Markdown, source code and
 * HTML are read by this package; PDF, office files and e-mail need Apache Tika on the class path.
 */
@NullMarked
package io.adapt4j.rag.document;

import org.jspecify.annotations.NullMarked;
