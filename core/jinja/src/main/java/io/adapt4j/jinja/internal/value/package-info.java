/** Values of templates, with Python's semantics and within the limits of a rendering. */
package io.adapt4j.jinja.internal.value;
