/** PDF files as pictures of their pages, with the places of their text. */
@NullMarked
package io.adapt4j.rag.internal.pdf;

import org.jspecify.annotations.NullMarked;
