/** Pages and picture files as PNG files. */
@NullMarked
package io.adapt4j.rag.internal.scan;

import org.jspecify.annotations.NullMarked;
