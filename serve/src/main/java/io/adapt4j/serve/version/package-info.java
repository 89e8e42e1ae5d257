/** Models whose version may change while they are served. */
@NullMarked
package io.adapt4j.serve.version;

import org.jspecify.annotations.NullMarked;
