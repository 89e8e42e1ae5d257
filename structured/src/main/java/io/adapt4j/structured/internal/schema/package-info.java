/** JSON Schema as a grammar. */
@NullMarked
package io.adapt4j.structured.internal.schema;

import org.jspecify.annotations.NullMarked;
