/** Filters, tests, functions and methods that templates can use. */
package io.adapt4j.jinja.internal.function;
