/** From a question to the passages that may answer it. */
@NullMarked
package io.adapt4j.rag.retrieve;

import org.jspecify.annotations.NullMarked;
