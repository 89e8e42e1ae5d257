/** Compilation of JSON Schema to a grammar. */
@NullMarked
package io.adapt4j.structured.internal.schema;

import org.jspecify.annotations.NullMarked;
