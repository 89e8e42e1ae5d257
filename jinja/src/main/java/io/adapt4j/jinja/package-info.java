/**
 * An interpreter for Jinja chat templates as Transformers renders them, which needs nothing but the
 * JDK and never reaches into Java objects.
 */
package io.adapt4j.jinja;
