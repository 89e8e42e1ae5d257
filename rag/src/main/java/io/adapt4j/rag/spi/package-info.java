/** Interfaces that an application may implement, with their types. */
@NullMarked
package io.adapt4j.rag.spi;

import org.jspecify.annotations.NullMarked;
