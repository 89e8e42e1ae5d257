/** An application of Spring Boot: chat, answers from documents, and training beside both. */
@NullMarked
package io.adapt4j.examples.spring;

import org.jspecify.annotations.NullMarked;
