/** From passages to an answer whose citations can be checked. */
@NullMarked
package io.adapt4j.rag.answer;

import org.jspecify.annotations.NullMarked;
