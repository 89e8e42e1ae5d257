/** A Spring Boot application: chat, answers from documents, and training in the background. */
@NullMarked
package io.adapt4j.examples.spring;

import org.jspecify.annotations.NullMarked;
