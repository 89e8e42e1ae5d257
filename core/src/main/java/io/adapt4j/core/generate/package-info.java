/** Text generation: choosing the next token, knowing when to stop, and what comes back. */
@NullMarked
package io.adapt4j.core.generate;

import org.jspecify.annotations.NullMarked;
