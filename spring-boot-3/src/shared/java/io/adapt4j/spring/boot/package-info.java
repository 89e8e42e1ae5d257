/**
 * Spring Boot's beans of models of this process, set by {@link
 * io.adapt4j.spring.boot.Adapt4jProperties}: nothing is loaded unless a model is named.
 */
@NullMarked
package io.adapt4j.spring.boot;

import org.jspecify.annotations.NullMarked;
