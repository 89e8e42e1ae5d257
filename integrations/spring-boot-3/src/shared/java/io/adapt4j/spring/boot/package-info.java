/**
 * Spring Boot beans of models in this process, configured by {@link
 * io.adapt4j.spring.boot.Adapt4jProperties}: nothing is loaded unless a model is configured.
 */
@NullMarked
package io.adapt4j.spring.boot;

import org.jspecify.annotations.NullMarked;
