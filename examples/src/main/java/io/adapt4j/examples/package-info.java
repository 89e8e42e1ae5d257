/** Adapt4J examples. */
package io.adapt4j.examples;
