/** Answers from documents over HTTP, if the module {@code rag} is on the class path. */
@NullMarked
package io.adapt4j.serve.rag;

import org.jspecify.annotations.NullMarked;
