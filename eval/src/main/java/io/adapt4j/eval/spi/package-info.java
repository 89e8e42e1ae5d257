/** Extension points for applications, and the types they use. */
@NullMarked
package io.adapt4j.eval.spi;

import org.jspecify.annotations.NullMarked;
