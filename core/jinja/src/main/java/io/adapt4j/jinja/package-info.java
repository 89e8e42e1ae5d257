/**
 * An interpreter for Jinja chat templates as Transformers renders them, which needs only the JDK
 * and never reaches into Java objects.
 */
package io.adapt4j.jinja;
