/** What an application may implement, and the types that it then meets. */
@NullMarked
package io.adapt4j.eval.spi;

import org.jspecify.annotations.NullMarked;
